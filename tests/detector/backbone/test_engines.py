"""Tests of the table of engines: what auto stands for, and what it does with layers that onnx cannot run."""

import pytest
from torch import nn

from sppnet.detector.backbone.backbone import Backbone
from sppnet.detector.backbone.engines import resolved_engine
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


def test_an_engine_that_is_named_is_taken_as_it_is() -> None:
    assert resolved_engine("torch", "float32", "cpu") == "torch"


def test_a_backbone_says_what_really_runs_it() -> None:
    assert (backbone("auto").engine, backbone("auto").remark) == ("onnx", "")
    assert backbone("auto", precision="bfloat16").engine == "torch"


def test_auto_runs_layers_that_onnx_does_not_know_in_torch_and_says_why() -> None:
    found = backbone("auto", nn.GELU())

    assert (found.engine, found.remark) == ("torch", "conv layers run in torch: the engine 'onnx' knows no GELU")


def test_layers_that_an_engine_does_not_know_are_an_error_where_it_was_named() -> None:
    with pytest.raises(InputError, match="the engine 'onnx' knows no GELU"):
        backbone("onnx", nn.GELU())


def test_maps_of_another_engine_are_told_apart_by_what_really_ran() -> None:
    layers = nn.Sequential(nn.Conv2d(3, 4, 3))
    keys = [
        Backbone("any", layers, PREPROCESSINGS["caffe"], engine=engine).fingerprint()
        for engine in ("auto", "onnx", "torch")
    ]

    assert keys[0] == keys[1] != keys[2]
