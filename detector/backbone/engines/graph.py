"""Conv layers as a list of operations that knows no torch: what a model keeps of them beside their weights.

Operations are named as in ONNX, weights as in the model's file of tensors. From the list a model of onnxruntime is made
within milliseconds; and as it can say no more than these operations, a list from elsewhere can do no harm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ...errors import ModelError
from ...types import Floats

OPSET = 17
IR_VERSION = 8  # of the file format; that of the opset
PIXELS = "pixels"
MOST_OPERATIONS = 2000
FIRST, LAST = [0, 3, 1, 2], [0, 2, 3, 1]  # which axes make (images, channels, height, width), and back
# Kinds of operations, and of each attribute the smallest and the largest value.
ATTRIBUTES: dict[str, dict[str, tuple[float, float]]] = {
    "Conv": {"strides": (1, 64), "pads": (0, 64), "dilations": (1, 64), "group": (1, 65536)},
    "MaxPool": {"kernel_shape": (1, 64), "strides": (1, 64), "pads": (0, 64), "ceil_mode": (0, 1)},
    "LRN": {"size": (1, 64), "alpha": (0, 1e6), "beta": (0, 1e6), "bias": (0, 1e6)},
    "Clip": {"min": (-1e6, 1e6), "max": (-1e6, 1e6)},
    "Concat": {"axis": (1, 1)},
    "Relu": {},
    "Add": {},
}


@dataclass(frozen=True)
class Operation:
    """What makes one value of others.

    Attributes:
        kind: Its name in ONNX; one of `ATTRIBUTES`.
        inputs: Names of the values that it takes.
        output: Name of the value that it makes.
        weights: Names of the tensors that it takes after them.
        attributes: By name, as in ONNX; the bounds of Clip, too.
    """

    kind: str
    inputs: tuple[str, ...]
    output: str
    weights: tuple[str, ...]
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class Graph:
    """Operations in the order in which they run.

    Attributes:
        operations: Every one takes "pixels" and what those before it make.
        layers: Name of the value that comes out of each layer.
    """

    operations: tuple[Operation, ...]
    layers: tuple[str, ...]

    def model(
        self, outputs: Mapping[str, int], tensors: Mapping[str, Floats], *, channels_last: bool = False
    ) -> onnx.ModelProto:
        """Return a model that makes the maps after so many layers, by name, of "pixels" float32 (B, 3, H, W).

        Args:
            outputs: Name of each map, and how many layers make it.
            tensors: The weights.
            channels_last: Whether pixels come, and maps go, as (B, height, width, channels).
        """
        ends = ["seen" if depth == 0 else self.layers[depth - 1] for depth in outputs.values()]
        used = self._used(ends)
        weights = {name: tensors[name] for operation in used for name in operation.weights}
        bounds = {
            f"{operation.output} {name}": np.array(value, np.float32)
            for operation in used
            if operation.kind == "Clip"
            for name, value in operation.attributes.items()
        }
        nodes = [
            _moved(PIXELS, "seen", FIRST if channels_last else None),
            *map(_node, used),
            *(_moved(end, name, LAST if channels_last else None) for end, name in zip(ends, outputs, strict=True)),
        ]
        sides: list[str | int | None] = ["height", "width"]
        size = ["images", *sides, 3] if channels_last else ["images", 3, *sides]
        return helper.make_model(
            helper.make_graph(
                nodes,
                "conv layers",
                [helper.make_tensor_value_info(PIXELS, TensorProto.FLOAT, size)],
                [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * 4) for name in outputs],
                [numpy_helper.from_array(np.ascontiguousarray(w), name) for name, w in (weights | bounds).items()],
            ),
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
        )

    def _used(self, ends: Sequence[str]) -> list[Operation]:
        """Return the operations that these values depend on."""
        wanted, used = set(ends), []
        for operation in reversed(self.operations):
            if operation.output in wanted:
                wanted |= set(operation.inputs)
                used.append(operation)
        return used[::-1]

    def described(self) -> dict[str, Any]:
        """Return the graph as JSON can hold it."""
        operations = [
            [one.kind, list(one.inputs), one.output, list(one.weights), dict(one.attributes)] for one in self.operations
        ]
        return {"operations": operations, "layers": list(self.layers)}


def graph_from(described: Mapping[str, Any]) -> Graph:
    """Return the graph that JSON holds, every operation checked.

    Raises:
        ModelError: If it holds what `described` does not return.
    """
    if len(described["operations"]) > MOST_OPERATIONS:
        raise ModelError(f"at most {MOST_OPERATIONS:,} operations, not {len(described['operations']):,}")
    there, operations = {PIXELS}, []
    for kind, inputs, output, weights, attributes in described["operations"]:
        if kind not in ATTRIBUTES or attributes.keys() != ATTRIBUTES[kind].keys():
            raise ModelError(f"no operation of conv layers: {kind!r} with {', '.join(attributes)}")
        for name, value in attributes.items():
            low, high = ATTRIBUTES[kind][name]
            if not all(low <= one <= high for one in (value if isinstance(value, list) else [value])):
                raise ModelError(f"{name} of {kind} must be from {low:g} to {high:g}, not {value}")
        if not there.issuperset(inputs) or output in there or not isinstance(output, str):
            raise ModelError(f"the value {output!r} is made twice, or of what is not there: {inputs}")
        there.add(output)
        operations.append(Operation(kind, tuple(inputs), output, tuple(weights), attributes))
    if not there.issuperset(described["layers"]):
        raise ModelError("layers name a value that no operation makes")
    return Graph(tuple(operations), tuple(described["layers"]))


def _moved(given: str, output: str, axes: list[int] | None) -> onnx.NodeProto:
    """Return what gives a value another name, and its axes another order."""
    if axes is None:
        return helper.make_node("Identity", [given], [output])
    return helper.make_node("Transpose", [given], [output], perm=axes)


def _node(operation: Operation) -> onnx.NodeProto:
    inputs = ["seen" if name == PIXELS else name for name in operation.inputs]
    if operation.kind == "Clip":
        return helper.make_node(
            "Clip", [*inputs, *(f"{operation.output} {name}" for name in ("min", "max"))], [operation.output]
        )
    return helper.make_node(operation.kind, [*inputs, *operation.weights], [operation.output], **operation.attributes)
