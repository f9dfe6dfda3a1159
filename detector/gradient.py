"""Pyramid pooling of windows that a gradient flows through, to train conv layers (Girshick 2015, section 2.3).

Every value of a vector comes from one cell of the map; its gradient goes back to that cell.
"""

from collections.abc import Sequence

import numba
import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torchvision.ops import roi_pool

from .pooling import LEVELS, bins


def pool_differentiably(
    map: torch.Tensor, cells: npt.NDArray[np.int32], levels: Sequence[int] = LEVELS
) -> torch.Tensor:
    """Return the vector of every rectangle, equal to that of `pool_windows`; a gradient goes to the maxima.

    Of equal maxima one takes it.

    Args:
        map: float32 (1, C, H, W), on any device, without NaN.
        cells: int32 (N, 4), x1 y1 x2 y2 in cells, half-open, not empty and inside the map.
        levels: Bins per side of each level.

    Returns:
        (N, bins * C) on the map's device; (0, bins * C) for N = 0.
    """
    if map.device.type == "cpu":
        vectors: torch.Tensor = _Pooling.apply(map.permute(0, 2, 3, 1)[0].contiguous(), cells, tuple(levels))
        return vectors
    return pool_tensors(map, cells, levels)


def pool_tensors(map: torch.Tensor, cells: npt.NDArray[np.int32], levels: Sequence[int] = LEVELS) -> torch.Tensor:
    """Return what `pool_differentiably` does, from torchvision's kernel, which runs where the map is.

    Every bin is a region of its own: the kernel cuts a region in float32, which is wrong for some lengths at 7 and
    more bins per side. On a GPU it adds gradients up in any order, so that they differ in the last bits between runs.
    """
    regions = _bins(torch.from_numpy(cells).to(map.device, torch.int64), levels)
    regions = nn.functional.pad(regions, (1, 0))  # the number of the map, 0
    vectors: torch.Tensor = roi_pool(map, regions.to(map.dtype), 1)
    return vectors.reshape(len(cells), bins(levels) * map.shape[1])


def _bins(cells: torch.Tensor, levels: Sequence[int]) -> torch.Tensor:
    """Return the first and the last cell of all bins, window by window: int64 (N * bins, 4)."""
    start, length = cells[:, None, :2], cells[:, None, 2:] - cells[:, None, :2]
    parts = []
    for level in levels:
        steps = torch.arange(level, device=cells.device)[None, :, None]
        first, last = start + steps * length // level, start + ((steps + 1) * length - 1) // level  # (N, level, 2)
        edges = torch.cat([first, last], dim=2)
        columns, rows = edges[:, None, :, [0, 2]], edges[:, :, None, [1, 3]]
        shape = (len(cells), level, level, 2)
        parts.append(torch.stack([columns.expand(shape), rows.expand(shape)], dim=4).reshape(len(cells), -1, 4))
    return torch.cat(parts, dim=1).reshape(-1, 4)


class _Pooling(torch.autograd.Function):
    @staticmethod
    def forward(ctx, map, cells, levels):  # type: ignore[no-untyped-def]
        width = sum(level * level for level in levels) * map.shape[2]
        vectors, places = np.empty((len(cells), width), np.float32), np.empty((len(cells), width), np.int32)
        _pool(map.detach().numpy(), cells, np.array(levels, np.int64), vectors, places)
        ctx.places, ctx.shape = places, tuple(map.shape)
        return torch.from_numpy(vectors)

    @staticmethod
    def backward(ctx, gradient):  # type: ignore[no-untyped-def]
        of_map = np.zeros(ctx.shape, np.float32)
        _scatter(np.ascontiguousarray(gradient.numpy()), ctx.places, of_map)
        return torch.from_numpy(of_map), None, None


@numba.njit(cache=True, nogil=True)
def _pool(
    map: npt.NDArray[np.float32],
    cells: npt.NDArray[np.int32],
    levels: npt.NDArray[np.int64],
    vectors: npt.NDArray[np.float32],
    places: npt.NDArray[np.int32],
) -> None:
    """Fill vectors, and places with the number of the cell that each value comes from.

    Levels that divide the finest one are derived from its bins.
    """
    width, channels = map.shape[1], map.shape[2]
    numbers = np.arange(map.shape[0] * width).astype(np.int32)
    flat = map.reshape(-1, channels)
    finest = levels.argmax()
    first = (levels[:finest] ** 2).sum()
    for window in range(len(cells)):
        left, top, right, bottom = cells[window]
        values = vectors[window].reshape(-1, channels)
        origins = places[window].reshape(-1, channels)
        _pool_level(flat, numbers, left, top, right, bottom, width, levels[finest], values[first:], origins[first:])
        start, side = 0, levels[finest]
        for level in levels:
            if start != first and side % level == 0:
                _derive(values[first:], origins[first:], side, level, values[start:], origins[start:])
            elif start != first:
                _pool_level(flat, numbers, left, top, right, bottom, width, level, values[start:], origins[start:])
            start += level * level


@numba.njit(cache=True, nogil=True)
def _pool_level(
    flat: npt.NDArray[np.float32],
    numbers: npt.NDArray[np.int32],
    left: int,
    top: int,
    right: int,
    bottom: int,
    width: int,
    level: int,
    values: npt.NDArray[np.float32],
    origins: npt.NDArray[np.int32],
) -> None:
    for row in range(level):
        y1, y2 = top + row * (bottom - top) // level, top + -(-(row + 1) * (bottom - top) // level)
        for column in range(level):
            x1, x2 = left + column * (right - left) // level, left + -(-(column + 1) * (right - left) // level)
            place = row * level + column
            values[place] = flat[y1 * width + x1]
            origins[place] = numbers[y1 * width + x1]
            for y in range(y1, y2):
                for x in range(x1, x2):
                    _take_larger(values[place], origins[place], flat[y * width + x], numbers[y * width + x])


@numba.njit(cache=True, nogil=True)
def _derive(
    fine: npt.NDArray[np.float32],
    fine_origins: npt.NDArray[np.int32],
    side: int,
    level: int,
    values: npt.NDArray[np.float32],
    origins: npt.NDArray[np.int32],
) -> None:
    factor = side // level
    for place in range(level * level):
        corner = place // level * factor * side + place % level * factor
        values[place], origins[place] = fine[corner], fine_origins[corner]
        for y in range(factor):
            for x in range(factor):
                bin = corner + y * side + x
                for channel in range(values.shape[1]):
                    larger = fine[bin, channel] > values[place, channel]
                    origins[place, channel] = fine_origins[bin, channel] if larger else origins[place, channel]
                    values[place, channel] = fine[bin, channel] if larger else values[place, channel]


@numba.njit(cache=True, nogil=True)
def _take_larger(
    values: npt.NDArray[np.float32], origins: npt.NDArray[np.int32], cell: npt.NDArray[np.float32], number: np.int32
) -> None:
    for channel in range(len(values)):
        larger = cell[channel] > values[channel]
        origins[channel] = number if larger else origins[channel]
        values[channel] = cell[channel] if larger else values[channel]


@numba.njit(cache=True, nogil=True)
def _scatter(gradient: npt.NDArray[np.float32], places: npt.NDArray[np.int32], of_map: npt.NDArray[np.float32]) -> None:
    """Add every value's gradient to the cell and channel that it came from."""
    channels = of_map.shape[2]
    flat = of_map.reshape(-1, channels)
    for window in range(len(gradient)):
        for start in range(0, gradient.shape[1], channels):
            for channel in range(channels):
                flat[places[window, start + channel], channel] += gradient[window, start + channel]
