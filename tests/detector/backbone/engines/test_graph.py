"""Tests of conv layers as a list of operations: what it says, and that a list from elsewhere can say no more."""

import json
from typing import Any

import numpy as np
import onnx
import pytest

from sppnet.detector.backbone.engines.graph import Graph, Operation, graph_from
from sppnet.detector.errors import ModelError

CONV = {"strides": [1, 1], "pads": [0, 0, 0, 0], "dilations": [1, 1], "group": 1}
GRAPH = Graph(
    (
        Operation("Conv", ("pixels",), "0", ("0.weight",), CONV),
        Operation("Clip", ("0",), "1", (), {"min": 0.0, "max": 6.0}),
        Operation("Relu", ("1",), "2", (), {}),
    ),
    ("0", "1", "2"),
)
WEIGHTS = {"0.weight": np.ones((4, 3, 1, 1), np.float32)}


def test_a_graph_comes_back_from_json_equal() -> None:
    assert graph_from(json.loads(json.dumps(GRAPH.described()))) == GRAPH


def test_a_model_has_what_its_outputs_need_and_no_more() -> None:
    model = GRAPH.model({"first": 2}, WEIGHTS)

    onnx.checker.check_model(model, full_check=True)
    assert [node.op_type for node in model.graph.node] == ["Identity", "Conv", "Clip", "Identity"]
    assert [output.name for output in model.graph.output] == ["first"]


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (["Loop", ["pixels"], "0", [], {}], "no operation of conv layers: 'Loop'"),
        (["Conv", ["pixels"], "0", [], {"group": 1}], "no operation of conv layers: 'Conv' with group"),
        (["Conv", ["pixels"], "0", [], {**CONV, "pads": [0, 0, 0, 10**9]}], "pads of Conv must be from 0 to 64"),
        (["Conv", ["pixels"], "0", [], {**CONV, "strides": [0, 1]}], "strides of Conv must be from 1 to 64"),
        (["Relu", ["elsewhere"], "0", [], {}], "the value '0' is made twice, or of what is not there"),
        (["Relu", ["pixels"], "pixels", [], {}], "the value 'pixels' is made twice"),
    ],
)
def test_what_is_no_operation_of_conv_layers_is_refused(operation: list[Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        graph_from({"operations": [operation], "layers": ["0"]})


def test_a_layer_whose_value_nothing_makes_is_refused() -> None:
    with pytest.raises(ModelError, match="layers name a value that no operation makes"):
        graph_from({"operations": [], "layers": ["0"]})
