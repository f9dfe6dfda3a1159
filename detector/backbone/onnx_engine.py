"""Conv layers run by onnxruntime on a CPU: the same maps, up to rounding, on one thread in less time than torch takes.

The graph is written from the layers, followed as `maps.py` follows them, with heights and widths left open. A session
serves one choice of maps and one number of threads; it is made when they are first asked for.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import fx, nn

from ..errors import InputError
from .torch_engine import Precision

OPSET = 17
IR_VERSION = 8  # of the file format; that of the opset


class OnnxEngine:
    """Runs layers in onnxruntime, with as many threads as torch has at the time.

    Args:
        layers: Their weights are copied when a session is made; what they learn later is not seen.
        precision: float32.
        device: cpu.

    Raises:
        InputError: If the precision or the device is another one, or a layer has no counterpart.
    """

    def __init__(self, layers: nn.Sequential, precision: Precision, device: str) -> None:
        if precision != "float32" or device != "cpu":
            raise InputError(f"the engine 'onnx' computes in float32 on a CPU, not in {precision} on {device}")
        self._layers = layers
        self._sessions: dict[tuple[tuple[int, ...], int], onnxruntime.InferenceSession] = {}
        graph_of(layers, (len(layers),))

    def __call__(self, pixels: torch.Tensor, depths: Sequence[int]) -> list[torch.Tensor]:
        """Return the maps of images after so many layers; see `TorchEngine`."""
        found = self._session(tuple(depths)).run(None, {"pixels": pixels.contiguous().numpy()})
        return [torch.from_numpy(map) for map in found]

    def _session(self, depths: tuple[int, ...]) -> onnxruntime.InferenceSession:
        key = depths, torch.get_num_threads()
        if key not in self._sessions:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = key[1]
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # pooling needs the cores next
            model = graph_of(self._layers, depths).SerializeToString()
            self._sessions[key] = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        return self._sessions[key]


def graph_of(layers: nn.Sequential, depths: Sequence[int]) -> onnx.ModelProto:
    """Return the layers as a model with the input "pixels" (B, 3, H, W) and one output for each depth, "map N".

    Raises:
        InputError: If a layer has no counterpart, or cannot be followed.
    """
    graph = _Graph()
    names = {0: "pixels"}
    for depth, layer in enumerate(layers[: max(depths)], 1):
        names[depth] = graph.add(layer, names[depth - 1], str(depth - 1))
    outputs = [graph.node("Identity", [names[depth]], f"map {depth}") for depth in depths]
    shape = ["images", None, None, None]
    return helper.make_model(
        helper.make_graph(
            graph.nodes,
            "conv layers",
            [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["images", 3, "height", "width"])],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in outputs],
            graph.weights,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )


class _Graph:
    """The nodes and weights of a graph that is being written."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def weight(self, name: str, values: torch.Tensor | np.ndarray[Any, Any]) -> str:
        array = values.detach().cpu().contiguous().numpy() if isinstance(values, torch.Tensor) else values
        self.weights.append(numpy_helper.from_array(array.astype(np.float32), name))
        return name

    def add(self, layer: nn.Module, given: str, name: str) -> str:
        """Add a layer, or the layers that a module consists of, and return the name of what comes out."""
        if type(layer) in _LAYERS:
            return _LAYERS[type(layer)](self, layer, given, name)
        if not any(layer.children()):
            raise InputError(f"the engine 'onnx' knows no {type(layer).__name__}")
        known: dict[fx.Node, str] = {}
        for number, node in enumerate(fx.Tracer().trace(layer).nodes):
            inputs, inner = [known[one] for one in node.all_input_nodes], f"{name}.{number}"
            if node.op == "placeholder":
                known[node] = given
            elif node.op == "output":
                return inputs[0]
            elif node.op == "call_module":
                known[node] = self.add(layer.get_submodule(str(node.target)), inputs[0], inner)
            elif node.target in _FUNCTIONS:
                kind, attributes = _FUNCTIONS[node.target]
                known[node] = self.node(kind, inputs, inner, **attributes)
            else:
                raise InputError(f"the engine 'onnx' knows no {node.target} as in {type(layer).__name__}")
        raise InputError(f"{type(layer).__name__}: nothing comes out")


def _convolution(graph: _Graph, layer: Any, given: str, name: str) -> str:
    inputs = [given, graph.weight(f"{name} weight", layer.weight)]
    if layer.bias is not None:
        inputs.append(graph.weight(f"{name} bias", layer.bias))
    padding = layer.padding if isinstance(layer.padding, tuple) else (0, 0)
    return graph.node(
        "Conv", inputs, name, strides=list(layer.stride), pads=[*padding, *padding], dilations=list(layer.dilation),
        group=layer.groups,
    )  # fmt: skip


def _maximum(graph: _Graph, layer: Any, given: str, name: str) -> str:
    kernel, stride, padding = (
        list(value) if isinstance(value, tuple) else [value, value]
        for value in (layer.kernel_size, layer.stride, layer.padding)
    )
    return graph.node(
        "MaxPool", [given], name, kernel_shape=kernel, strides=stride, pads=[*padding, *padding],
        ceil_mode=int(layer.ceil_mode),
    )  # fmt: skip


def _clipped(graph: _Graph, layer: Any, given: str, name: str) -> str:
    low, high = (graph.weight(f"{name} {value}", np.array(value)) for value in (0, 6))
    return graph.node("Clip", [given, low, high], name)


def _normalised(graph: _Graph, layer: Any, given: str, name: str) -> str:
    return graph.node("LRN", [given], name, size=layer.size, alpha=layer.alpha, beta=layer.beta, bias=layer.k)


def _chain(graph: _Graph, layer: Any, given: str, name: str) -> str:
    for number, inner in enumerate(layer):
        given = graph.add(inner, given, f"{name}/{number}")
    return given


_LAYERS: dict[type[nn.Module], Callable[[_Graph, Any, str, str], str]] = {
    nn.Conv2d: _convolution,
    nn.MaxPool2d: _maximum,
    nn.ReLU: lambda graph, layer, given, name: graph.node("Relu", [given], name),
    nn.ReLU6: _clipped,
    nn.LocalResponseNorm: _normalised,
    nn.Sequential: _chain,
}
_FUNCTIONS: dict[Any, tuple[str, dict[str, int]]] = {
    operator.add: ("Add", {}),
    torch.cat: ("Concat", {"axis": 1}),
    torch.relu_: ("Relu", {}),
    torch.relu: ("Relu", {}),
}
