"""The conv layers of a saved model without torch: a graph in `conv.json`, beside the weights that it names."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .. import backbone as lazily  # whose modules come when they are first used: torch takes seconds
from ..errors import InputError, ModelError
from ..files.model_folder import read_json
from ..types import Floats
from .conv_layers import ConvLayers, Map
from .engines.graph import PIXELS, Graph, graph_from
from .engines.onnx_engine import OnnxEngine
from .preprocessing import Preprocessing

if TYPE_CHECKING:
    from .backbone import Backbone

FILE = "conv.json"
LARGEST = 4096  # pixels of a stride and of a receptive field, and channels of a map
LARGEST_SIDE, MOST_PADS = 512, 512  # pixels of the least side, and of what all paddings together add to it


def conv_bytes(backbone: "Backbone") -> bytes | None:
    """Return the content of `conv.json` for a backbone; None if onnxruntime cannot run its layers."""
    try:
        graph = lazily.graph_of(backbone.layers)
    except InputError:
        return None
    maps = [asdict(map) for map in backbone.maps.values()]
    return (json.dumps({"maps": maps, "least_side": backbone.least_side, **graph.described()}) + "\n").encode()


def stored_layers(file: Path, name: str, tensors: Mapping[str, Floats], preprocessing: Preprocessing) -> ConvLayers:
    """Return the layers of a `conv.json` with their weights, ready to run, having run once.

    Args:
        file: The file; it may come from anywhere.
        name: The backbone's.
        tensors: The weights by name.
        preprocessing: What they expect of an image.

    Raises:
        ModelError: If the file is damaged or does not fit the weights, or these are not finite float32.
    """
    described = read_json(file)
    try:
        graph, maps = graph_from(described), [_map(one) for one in described["maps"]]
        side = _inside(described["least_side"], LARGEST_SIDE)
        engine = OnnxEngine(graph, {used: _checked(tensors, used) for used in _weights(graph)})
        _check_sizes(graph, engine.tensors)
        _probe(OnnxEngine(graph, engine.tensors), maps, side)  # whose session is not needed again
    except Exception as error:  # JSON may hold anything, and onnxruntime raises many types
        reason = str(error).strip().split("\n", 1)[0]
        raise ModelError(f"{file}: the conv layers are damaged, or do not fit their weights ({reason})") from error
    return ConvLayers(
        name, preprocessing, maps={map.name: map for map in maps}, least_side=side, run=engine,
        tensors=lambda: engine.tensors, engine="onnx",
    )  # fmt: skip


def _weights(graph: Graph) -> list[str]:
    return [name for operation in graph.operations for name in operation.weights]


def _checked(tensors: Mapping[str, Floats], name: str) -> Floats:
    """Return a tensor that is there, or raise ModelError."""
    tensor = tensors.get(name)
    if tensor is None or tensor.dtype != np.float32 or not np.isfinite(tensor).all():
        raise ModelError(f"the tensor {name!r} must be there, in finite float32")
    return tensor


def _map(fields: Mapping[str, int]) -> Map:
    """Return a map whose numbers are within bounds, or raise an error."""
    map = Map(**fields)  # type: ignore[arg-type]
    if not abs(map.first_centre) <= LARGEST or not isinstance(map.name, str):
        raise ModelError(f"no map: {map}")
    for value in (map.stride, map.receptive_field, map.depth, map.channels):
        _inside(value, LARGEST)
    return map


def _inside(value: int, largest: int) -> int:
    if type(value) is not int or not 1 <= value <= largest:
        raise ModelError(f"a size must be a whole number from 1 to {largest}, not {value}")
    return value


def _check_sizes(graph: Graph, tensors: Mapping[str, Floats]) -> None:
    """Raise an error if maps would grow beyond all memory, by paddings or by channels that are joined."""
    pads = sum(sum(operation.attributes.get("pads", [])) for operation in graph.operations)
    if pads > MOST_PADS:
        raise ModelError(f"paddings must be at most {MOST_PADS} pixels together, not {pads}")
    channels = {PIXELS: 3}
    for operation in graph.operations:
        given = [channels[name] for name in operation.inputs]
        made = len(tensors[operation.weights[0]]) if operation.kind == "Conv" else given[0]
        channels[operation.output] = _inside(sum(given) if operation.kind == "Concat" else made, LARGEST)


def _probe(engine: OnnxEngine, maps: list[Map], side: int) -> None:
    """Raise an error unless the smallest image has the maps, the last of one cell or more."""
    depths = [map.depth for map in maps]
    if depths != sorted(set(depths)) or depths[-1] > len(engine.graph.layers):
        raise ModelError(f"maps after {depths} of {len(engine.graph.layers)} layers")
    made = engine(np.zeros((1, 3, side, side), np.float32), depths)
    for map, cells in zip(maps, made, strict=True):
        if cells.shape[1] != map.channels or 0 in cells.shape:
            raise ModelError(f"the map {map.name!r} must have {map.channels} channels, not the shape {cells.shape}")
