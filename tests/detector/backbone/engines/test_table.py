"""Tests of the table of engines: what auto stands for, and what it does with layers that onnx cannot run."""

import pytest
from torch import nn

from sppnet.detector.backbone.backbone import Backbone
from sppnet.detector.backbone.engines.table import resolved_engine
from sppnet.detector.backbone.preprocessing import PREPROCESSINGS
from sppnet.detector.errors import InputError
from sppnet.detector.types import Precision


def backbone(engine: str, *layers: nn.Module, precision: Precision = "float32") -> Backbone:
    conv = nn.Sequential(nn.Conv2d(3, 4, 3), *layers)
    return Backbone("any", conv, PREPROCESSINGS["caffe"], engine=engine, precision=precision)


@pytest.mark.parametrize(
    ("precision", "device", "engine"),
    [("float32", "cpu", "onnx"), ("bfloat16", "cpu", "torch"), ("float32", "cuda:1", "torch")],
)
def test_auto_is_onnx_on_a_cpu_in_float32_alone(precision: Precision, device: str, engine: str) -> None:
    assert resolved_engine("auto", precision, device) == engine


def test_torch_is_torch() -> None:
    assert resolved_engine("torch", "float32", "cpu") == "torch"


def test_a_backbone_says_what_really_runs_it() -> None:
    assert (backbone("auto").engine, backbone("auto").remark) == ("onnx", "")
    assert (backbone("torch").engine, backbone("torch").remark) == ("torch", "")


@pytest.mark.parametrize("engine", ["auto", "onnx"])
def test_layers_that_onnx_does_not_know_run_in_torch_and_the_backbone_says_why(engine: str) -> None:
    found = backbone(engine, nn.GELU())

    assert (found.engine, found.remark) == ("torch", "conv layers run in torch: the engine 'onnx' knows no GELU")


def test_another_precision_is_remarked_upon_where_onnx_was_asked_for() -> None:
    auto, asked = (backbone(engine, precision="bfloat16") for engine in ("auto", "onnx"))

    assert (auto.engine, auto.remark, asked.engine) == ("torch", "", "torch")
    assert "the engine 'onnx' computes in float32 on a CPU, not in bfloat16 on cpu" in asked.remark


def test_an_engine_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match="there is no engine 'steam'; there are auto, onnx, torch"):
        backbone("steam")


def test_maps_of_another_engine_are_told_apart_by_what_really_ran() -> None:
    layers = nn.Sequential(nn.Conv2d(3, 4, 3))
    keys = [
        Backbone("any", layers, PREPROCESSINGS["caffe"], engine=engine).fingerprint()
        for engine in ("auto", "onnx", "torch")
    ]

    assert keys[0] == keys[1] != keys[2]
