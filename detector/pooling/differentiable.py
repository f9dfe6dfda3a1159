"""Pyramid pooling of windows that a gradient flows through, to train conv layers (Girshick 2015, section 2.3).

Every value of a vector comes from one cell of the map; its gradient goes back to that cell.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torchvision.ops import roi_pool

from .pyramid import LEVELS, bins


def pool_differentiably(
    map: torch.Tensor, cells: npt.NDArray[np.int32], levels: Sequence[int] = LEVELS
) -> torch.Tensor:
    """Return the vector of every rectangle, equal to that of `pool_rectangles`; a gradient goes to the maxima.

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
        source, sides, parts = map.detach().numpy(), np.array(levels, np.int64), torch.get_num_threads()
        jobs = [np.array_split(array, parts) for array in (cells, vectors, places)]
        with ThreadPoolExecutor(parts) as pool:
            list(pool.map(lambda job: _pool(source, job[0], sides, job[1], job[2]), zip(*jobs, strict=True)))
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

    Levels that divide the finest one are derived from its bins. Arrays are flat and indices unsigned: only then do the
    inner loops become vector instructions.
    """
    width, channels = map.shape[1], np.uint64(map.shape[2])
    flat, values, origins = map.reshape(-1), vectors.reshape(-1), places.reshape(-1)
    finest = levels.argmax()
    side = levels[finest]
    for window in range(len(cells)):
        left, top, right, bottom = cells[window]
        start = np.uint64(window * vectors.shape[1])
        fine = start + np.uint64((levels[:finest] ** 2).sum()) * channels
        _pool_level(flat, left, top, right - left, bottom - top, width, side, channels, values, origins, fine)
        for level in levels:
            if start != fine and side % level == 0:
                _derive(values, origins, fine, side, level, channels, start)
            elif start != fine:
                _pool_level(flat, left, top, right - left, bottom - top, width, level, channels, values, origins, start)
            start += np.uint64(level * level) * channels


@numba.njit(cache=True, nogil=True)
def _pool_level(
    flat: npt.NDArray[np.float32],
    left: int,
    top: int,
    columns: int,
    rows: int,
    width: int,
    level: int,
    channels: np.uint64,
    values: npt.NDArray[np.float32],
    origins: npt.NDArray[np.int32],
    target: np.uint64,
) -> None:
    for row in range(level):
        y1, y2 = top + row * rows // level, top + -(-(row + 1) * rows // level)
        for column in range(level):
            x1, x2 = left + column * columns // level, left + -(-(column + 1) * columns // level)
            first = y1 * width + x1
            source = np.uint64(first) * channels
            for channel in range(channels):
                values[target + channel] = flat[source + channel]
                origins[target + channel] = np.int32(first)
            for y in range(y1, y2):
                for x in range(x1, x2):
                    number = np.int32(y * width + x)
                    _take_larger(values, origins, target, flat, np.uint64(number) * channels, channels, number)
            target += channels


@numba.njit(cache=True, nogil=True)
def _take_larger(
    values: npt.NDArray[np.float32],
    origins: npt.NDArray[np.int32],
    target: np.uint64,
    flat: npt.NDArray[np.float32],
    source: np.uint64,
    channels: np.uint64,
    number: np.int32,
) -> None:
    for channel in range(channels):
        cell, value, origin = flat[source + channel], values[target + channel], origins[target + channel]
        larger = cell > value
        values[target + channel] = cell if larger else value
        origins[target + channel] = number if larger else origin


@numba.njit(cache=True, nogil=True)
def _derive(
    values: npt.NDArray[np.float32],
    origins: npt.NDArray[np.int32],
    fine: np.uint64,
    side: int,
    level: int,
    channels: np.uint64,
    target: np.uint64,
) -> None:
    factor = side // level
    for place in range(level * level):
        corner = fine + np.uint64(place // level * factor * side + place % level * factor) * channels
        for channel in range(channels):
            values[target + channel], origins[target + channel] = values[corner + channel], origins[corner + channel]
        for y in range(factor):
            for x in range(factor):
                source = corner + np.uint64(y * side + x) * channels
                for channel in range(channels):
                    bin, origin = values[source + channel], origins[source + channel]
                    larger = bin > values[target + channel]
                    values[target + channel] = bin if larger else values[target + channel]
                    origins[target + channel] = origin if larger else origins[target + channel]
        target += channels


@numba.njit(cache=True, nogil=True)
def _scatter(gradient: npt.NDArray[np.float32], places: npt.NDArray[np.int32], of_map: npt.NDArray[np.float32]) -> None:
    """Add every value's gradient to the cell and channel that it came from."""
    channels = np.uint64(of_map.shape[2])
    flat, given, origins = of_map.reshape(-1), gradient.reshape(-1), places.reshape(-1)
    for start in range(np.uint64(0), np.uint64(len(given)), channels):
        for channel in range(channels):
            flat[np.uint64(origins[start + channel]) * channels + channel] += given[start + channel]
