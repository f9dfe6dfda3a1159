"""The maps that conv layers offer: where their cells lie in the image, derived from the layers and proved by a probe.

A cell sees a square of pixels whose place follows from kernels, strides and paddings alone; values do not matter.
Residual blocks and parallel branches see what any of their branches does. Global pooling, as in squeeze-and-excitation,
weighs channels and moves nothing. What a layer of an unknown kind does is taken for nothing too: the probe, which
runs the very layers, then finds out.
"""

import copy
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch import fx, nn

from ..errors import InputError
from .conv_layers import Map

_MOVING = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)
_GLOBAL = (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
_GRAPHS: WeakKeyDictionary[nn.Module, fx.Graph] = WeakKeyDictionary()  # tracing takes a millisecond


class Cells(NamedTuple):
    """Cells at a distance of `stride` pixels, of which the first sees the pixels from `first` to `last`."""

    stride: int = 1
    first: int = 0
    last: int = 0


PIXELS = Cells()


def describe_maps(layers: nn.Sequential, depths: Mapping[str, int]) -> dict[str, Map]:
    """Return the maps after so many layers, by name, in the order of their depth.

    Raises:
        InputError: If layers cannot be followed, branches disagree in stride, or cells lie elsewhere than derived.
    """
    ordered = sorted(depths.items(), key=lambda pair: pair[1])
    cells, start, found = PIXELS, 0, dict[str, Cells]()
    for name, depth in ordered:
        cells, start = cells_after(layers[start:depth], cells), depth
        found[name] = cells
    channels = _probed_channels(layers, dict(ordered), found)
    return {
        name: Map(
            name, depth, found[name].stride, (found[name].first + found[name].last) / 2,
            found[name].last - found[name].first + 1, channels[name],
        )
        for name, depth in ordered
    }  # fmt: skip


def cells_after(layer: nn.Module, cells: Cells = PIXELS) -> Cells:
    """Return the cells of what a layer, or layers, make of a map with these cells.

    Raises:
        InputError: If a layer cannot be followed.
    """
    after = _through(layer, cells)
    if after is None:
        raise InputError(f"{type(layer).__name__}: pools the whole image, so that no cells are left")
    return after


def least_side(layers: nn.Sequential, limit: int) -> int:
    """Return the pixels along a side of the smallest square that has a cell, at most `limit`."""
    layers = copy.deepcopy(layers).to("meta", torch.float32)  # which computes sizes, not values
    low, high = 0, limit  # no cell, a cell
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _has_cell(layers, middle, middle) else (middle, high)
    return high


@torch.inference_mode()
def _has_cell(layers: nn.Sequential, height: int, width: int) -> bool:
    try:
        return bool(layers(torch.zeros(1, 3, height, width, device=next(layers.parameters()).device)).numel())
    except RuntimeError:  # a kernel is larger than what it is to see
        return False


def _through(layer: nn.Module, cells: Cells | None) -> Cells | None:
    """Return the cells after a layer; None stands for values of the whole image."""
    if cells is None or isinstance(layer, _GLOBAL):
        return None
    if isinstance(layer, _MOVING):
        return _moved(layer, cells)
    if isinstance(layer, nn.Sequential):
        after: Cells | None = cells
        for inner in layer:
            after = _through(inner, after)
        return after
    return _traced(layer, cells) if any(layer.children()) else cells


def _moved(layer: nn.Module, cells: Cells) -> Cells:
    kernel, step, dilation = (_side(layer, name) for name in ("kernel_size", "stride", "dilation"))
    reach = (kernel - 1) * dilation
    padding = {"same": reach // 2, "valid": 0}.get(str(layer.padding))
    before = _side(layer, "padding") if padding is None else padding
    first = cells.first - before * cells.stride
    return Cells(cells.stride * step, first, cells.last + (reach - before) * cells.stride)


def _side(layer: nn.Module, name: str) -> int:
    value = getattr(layer, name, 1)  # average pooling knows no dilation
    sides = value if isinstance(value, tuple) else (value, value)
    if sides[0] != sides[-1]:
        raise InputError(f"{layer}: the {name} must be the same along both sides")
    return int(sides[0])


def _traced(module: nn.Module, cells: Cells) -> Cells | None:
    """Return the cells after a module of several layers, which are followed along its graph."""
    try:
        graph = _GRAPHS.get(module) or fx.Tracer().trace(module)
    except Exception as error:  # whatever the module's own code raises when it is given no values
        raise InputError(f"{type(module).__name__}: cannot be followed layer by layer ({error})") from error
    _GRAPHS[module] = graph
    known: dict[fx.Node, Cells | None] = {}
    for node in graph.nodes:
        given = [known[one] for one in node.all_input_nodes]
        if node.op == "placeholder":
            known[node] = cells
        elif node.op == "call_module":
            known[node] = _through(module.get_submodule(str(node.target)), given[0])
        else:
            known[node] = None if "adaptive" in str(node.target) else _joined(module, given)
    return known[node]


def _joined(module: nn.Module, given: Sequence[Cells | None]) -> Cells | None:
    """Return the cells of what is computed from several maps at once."""
    there = [cells for cells in given if cells is not None]
    if not there:
        return None
    if len({cells.stride for cells in there}) > 1:
        raise InputError(f"{type(module).__name__}: branches disagree in stride: {[cells.stride for cells in there]}")
    return Cells(there[0].stride, min(cells.first for cells in there), max(cells.last for cells in there))


def _probed_channels(layers: nn.Sequential, depths: dict[str, int], found: dict[str, Cells]) -> dict[str, int]:
    """Return the channels of every map, having seen that its cells lie where they are said to.

    With positive weights and without biases nothing cancels and nothing is hidden: a cell is 0 if and only if all the
    pixels that it sees are. Stripes of the least height that has a cell, along one side and along the other, take
    little time.
    """
    probe = _positive(layers)
    places = [_place(cells) for cells in found.values()]
    width = max(last for _, _, last in places) + 2
    pixels = torch.cat([_stripes(width, first, last) for _, first, last in places])
    wide = pixels[:, None, None, :].expand(-1, 3, _least_height(probe, width), -1).contiguous()
    channels = {}
    for upright in (False, True):
        maps = _maps(probe, list(depths.values()), wide.transpose(2, 3) if upright else wide)
        for number, (name, map) in enumerate(zip(depths, maps, strict=True)):
            cell = places[number][0]
            values = map[3 * number :][:3].amax(dim=1).amax(dim=2 if upright else 1)[:, cell]
            if (values > 0).tolist() != [False, True, True]:
                raise InputError(f"map {name!r}: its cells do not see the pixels that the layers' sizes tell")
            channels[name] = map.shape[1]
    return channels


def _least_height(layers: nn.Sequential, width: int) -> int:
    """Return the least power of two at which pixels of a width have a cell."""
    height = 1
    while not _has_cell(layers, height, width):
        height *= 2
    return height


def _place(cells: Cells) -> tuple[int, int, int]:
    """Return the first cell with a pixel before what it sees, and the first and the last pixel that it sees."""
    cell = max(0, math.ceil((1 - cells.first) / cells.stride))
    return cell, cells.first + cell * cells.stride, cells.last + cell * cells.stride


def _stripes(width: int, first: int, last: int) -> torch.Tensor:
    """Return rows of pixels (3, width): all but those from first to last, the first alone, the last alone."""
    rows = torch.zeros(3, width)
    rows[0] = 1
    rows[0, first : last + 1] = 0
    rows[1, first] = rows[2, last] = 1
    return rows


def _positive(layers: nn.Sequential) -> nn.Sequential:
    """Return a copy on the CPU whose convolutions take means and whose normalisations do nothing."""
    probe = copy.deepcopy(layers).to("cpu", torch.float32).eval().requires_grad_(False)
    for layer in probe.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_parameters()
        elif isinstance(layer, nn.Conv2d):
            layer.weight.fill_(1 / layer.weight[0].numel())
            if layer.bias is not None:
                layer.bias.zero_()
    return probe


@torch.inference_mode()
def _maps(layers: nn.Sequential, depths: Sequence[int], pixels: torch.Tensor) -> list[torch.Tensor]:
    maps: list[Any] = []
    for start, end in pairwise((0, *depths)):
        pixels = layers[start:end](pixels)
        maps.append(pixels.clone())  # the next layer may work in place
    return maps
