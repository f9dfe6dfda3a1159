"""Pyramid pooling of windows that a gradient flows through, to train conv layers (Girshick 2015, section 2.3).

Every value of a vector comes from one cell of the map; its gradient goes back to that cell.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import numpy.typing as npt
import torch

from .. import pooling  # whose modules come when they are first used: a GPU's pooling needs torchvision
from ..threads import thread_count
from .pyramid import LEVELS
from .settings import View
from .vectors import Cells, Rectangles

Pool = Callable[[torch.Tensor, Cells, Sequence[int]], torch.Tensor]


def pool_views(views: Sequence[View], maps: Mapping[str, torch.Tensor], place: Rectangles, pool: Pool) -> torch.Tensor:
    """Return the pooled vectors of windows as tensors (U, D), view after view.

    Args:
        views: The parts of a vector.
        maps: By name (1, C, h, w).
        place: The windows at one scale.
        pool: Makes (N, bins * C) of a map, N rectangles of its cells, and levels.
    """
    parts = []
    for view, name, cells in zip(views, place.maps, place.cells, strict=True):
        whole = view.enlargement is None
        part = pool(maps[name], cells[:1] if whole else cells, view.levels)
        parts.append(part.expand(len(cells), -1) if whole else part)
    return torch.cat(parts, dim=1) if len(parts) > 1 else parts[0]


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
    return pooling.pool_tensors(map, cells, levels)


class _Pooling(torch.autograd.Function):
    @staticmethod
    def forward(ctx, map, cells, levels):  # type: ignore[no-untyped-def]
        width = sum(level * level for level in levels) * map.shape[2]
        vectors, places = np.empty((len(cells), width), np.float32), np.empty((len(cells), width), np.int32)
        source, sides, parts = map.detach().numpy(), np.array(levels, np.int64), thread_count()
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
