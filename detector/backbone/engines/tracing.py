"""Layers of torch as the graph that onnxruntime runs, followed as `maps.py` follows them."""

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import fx, nn

from ...errors import InputError
from ...types import Floats, Precision
from .graph import PIXELS, Graph, Operation
from .onnx_engine import OnnxEngine


def onnx_engine_of(layers: nn.Sequential, precision: Precision, device: str) -> OnnxEngine:
    """Return what runs layers in onnxruntime.

    Raises:
        InputError: If the precision is not float32, the device no CPU, or a layer has no counterpart.
    """
    if precision != "float32" or device != "cpu":
        raise InputError(f"the engine 'onnx' computes in float32 on a CPU, not in {precision} on {device}")
    return OnnxEngine(graph_of(layers), arrays_of(layers))


def arrays_of(layers: nn.Module) -> dict[str, Floats]:
    """Return the tensors of layers by name, in float32 and contiguous."""
    return {name: tensor.float().cpu().contiguous().numpy() for name, tensor in layers.state_dict().items()}


def graph_of(layers: nn.Sequential) -> Graph:
    """Return the layers as a graph.

    Raises:
        InputError: If a layer has no counterpart, or cannot be followed.
    """
    operations = list[Operation]()
    given, values = PIXELS, []
    for number, layer in enumerate(layers):
        given = _add(operations, layer, given, str(number))
        values.append(given)
    return Graph(tuple(operations), tuple(values))


def _add(operations: list[Operation], layer: nn.Module, given: str, path: str) -> str:
    """Add a layer, or the layers that a module consists of, and return the name of what comes out."""
    if isinstance(layer, nn.Sequential) and type(layer).forward is nn.Sequential.forward:
        for name, inner in layer.named_children():
            given = _add(operations, inner, given, f"{path}.{name}")
        return given
    if type(layer) in _LAYERS:
        kind, attributes = _LAYERS[type(layer)](layer)
        weights = tuple(f"{path}.{name}" for name, _ in layer.named_parameters())
        output = path if all(path != one.output for one in operations) else f"{path} {len(operations)}"  # used again
        operations.append(Operation(kind, (given,), output, weights, attributes))
        return output
    if not any(layer.children()):
        raise InputError(f"the engine 'onnx' knows no {type(layer).__name__}")
    return _add_traced(operations, layer, given, path)


def _add_traced(operations: list[Operation], layer: nn.Module, given: str, path: str) -> str:
    try:
        graph = fx.Tracer().trace(layer)
    except Exception as error:  # whatever the module's own code raises when it is given no values
        raise InputError(f"{type(layer).__name__}: cannot be followed layer by layer ({error})") from error
    known: dict[fx.Node, str] = {}
    for number, node in enumerate(graph.nodes):
        inputs = [known[one] for one in node.all_input_nodes]
        if node.op == "placeholder" and not known:
            known[node] = given
        elif node.op == "output" and len(inputs) == 1:
            return inputs[0]
        elif node.op == "call_module":
            name = str(node.target)
            known[node] = _add(operations, layer.get_submodule(name), inputs[0], f"{path}.{name}")
        else:
            kind, attributes = _function(node)
            known[node] = f"{path} {number}"
            operations.append(Operation(kind, tuple(inputs), known[node], (), attributes))
    raise InputError(f"{type(layer).__name__}: not one value comes out")


def _function(node: fx.Node) -> tuple[str, dict[str, Any]]:
    """Return the operation that a call of a function is, of values and nothing else."""
    known, values = _FUNCTIONS.get(node.target), len(node.all_input_nodes)
    plain = {
        "Concat": lambda: {node.kwargs.get("dim"), *node.args[1:]} - {None} == {1},
        "Add": lambda: values == len(node.args) == 2 and not node.kwargs,
        "Relu": lambda: values == len(node.args) == 1,
    }
    if known is None or not plain[known]():
        raise InputError(f"the engine 'onnx' knows no {node.target} of {node.args}")
    return known, {"axis": 1} if known == "Concat" else {}


def _convolution(layer: nn.Conv2d) -> tuple[str, dict[str, Any]]:
    padding = (0, 0) if layer.padding == "valid" else layer.padding
    if layer.padding_mode != "zeros" or isinstance(padding, str):
        raise InputError(f"the engine 'onnx' knows no {layer}")
    return "Conv", {
        "strides": list(layer.stride), "pads": [*padding, *padding], "dilations": list(layer.dilation),
        "group": layer.groups,
    }  # fmt: skip


def _maximum(layer: nn.MaxPool2d) -> tuple[str, dict[str, Any]]:
    kernel, stride, padding, dilation = (
        list(value) if isinstance(value, tuple) else [value, value]
        for value in (layer.kernel_size, layer.stride, layer.padding, layer.dilation)
    )
    # The two count the cells of rounded up sizes differently where there is padding.
    if dilation != [1, 1] or layer.return_indices or (layer.ceil_mode and any(padding)):
        raise InputError(f"the engine 'onnx' knows no {layer}")
    return "MaxPool", {
        "kernel_shape": kernel, "strides": stride, "pads": [*padding, *padding], "ceil_mode": int(layer.ceil_mode)
    }  # fmt: skip


def _normalised(layer: nn.LocalResponseNorm) -> tuple[str, dict[str, Any]]:
    if layer.size % 2 == 0:  # which of the neighbours count would differ
        raise InputError(f"the engine 'onnx' knows no {layer}")
    return "LRN", {"size": layer.size, "alpha": layer.alpha, "beta": layer.beta, "bias": float(layer.k)}


_LAYERS: dict[type[nn.Module], Callable[[Any], tuple[str, dict[str, Any]]]] = {
    nn.Conv2d: _convolution,
    nn.MaxPool2d: _maximum,
    nn.LocalResponseNorm: _normalised,
    nn.ReLU: lambda layer: ("Relu", {}),
    nn.ReLU6: lambda layer: ("Clip", {"min": 0.0, "max": 6.0}),
}
_FUNCTIONS: dict[Any, str] = {operator.add: "Add", torch.cat: "Concat", torch.relu_: "Relu", torch.relu: "Relu"}
