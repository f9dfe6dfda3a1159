"""What is pooled for one window: cells, bins and the vector of constant length (He et al. 2015, figure 3)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..pooling.features import WindowFeatures
from ..pooling.kernels import pool_rectangles
from ..pooling.pyramid import bins
from ..pooling.settings import View
from ..pooling.vectors import Cells, Maps
from ..types import Floats

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Level:
    """A level of a view's pyramid: side x side bins, row by row.

    Attributes:
        side: Bins per side.
        cells: int32 (side * side, 4), of the map, half-open; bins may overlap.
        boxes: float32 (side * side, 4), the same in pixels of the image; those at its border reach out of it.
        strengths: float32 (side * side,), the Euclidean norm of each bin's values.
    """

    side: int
    cells: Cells
    boxes: Floats
    strengths: Floats


@dataclass(frozen=True)
class PooledView:
    """What one view adds to a window's vector.

    Attributes:
        name: window, context (the window enlarged), middle (made smaller) or whole image.
        map: Name of the backbone's map.
        stride: Pixels of the resized image between neighbouring cells.
        channels: Values of a cell, and of a bin.
        map_size: Height and width of the map in cells.
        cells: int32 (4,), the rectangle of cells, x1 y1 x2 y2, half-open.
        box: float32 (4,), the same in pixels of the image, as wide as so many equal cells.
        levels: Of its pyramid, in the order of the vector.
    """

    name: str
    map: str
    stride: int
    channels: int
    map_size: tuple[int, int]
    cells: Cells
    box: Floats
    levels: tuple[Level, ...]

    @property
    def length(self) -> int:
        """How many values it adds to the vector."""
        return self.channels * bins([level.side for level in self.levels])


@dataclass(frozen=True)
class Pooled:
    """What is pooled for a window.

    Attributes:
        box: float32 (4,), the window, in pixels of the image.
        scale: Short side in pixels at which the conv layers saw the image for this window.
        views: In the order of the vector.
        vector: float32 (D,), D the same for every window.
    """

    box: Floats
    scale: int
    views: tuple[PooledView, ...]
    vector: Floats

    def split(self, values: npt.NDArray[Any]) -> tuple[tuple[Doubles, ...], ...]:
        """Return the sums over channels of what belongs to the values, (D,): by view and level, (bins,)."""
        found, start = [], 0
        for view in self.views:
            sums = values[start : (start := start + view.length)].reshape(-1, view.channels).sum(axis=1)
            ends = np.cumsum([level.side**2 for level in view.levels])
            found.append(tuple(np.split(sums, ends[:-1])))
        return tuple(found)

    def to_json(self, *, vector: bool = False) -> dict[str, Any]:
        """Return it as JSON holds it; with the vector's values, or with their number alone."""
        views = [
            {
                "view": view.name,
                "map": view.map,
                "stride": view.stride,
                "channels": view.channels,
                "length": view.length,
                "map_size": {"height": view.map_size[0], "width": view.map_size[1]},
                "cells": view.cells.tolist(),
                "box": rounded(view.box),
                "levels": [
                    {
                        "side": level.side,
                        "bins": [
                            {"cells": cells, "box": box, "strength": strength}
                            for cells, box, strength in zip(
                                level.cells.tolist(), rounded(level.boxes), rounded(level.strengths, 4), strict=True
                            )
                        ],
                    }
                    for level in view.levels
                ],
            }
            for view in self.views
        ]
        found = {"box": rounded(self.box), "scale": self.scale, "dimensions": len(self.vector), "views": views}
        return {**found, "vector": rounded(self.vector, 5)} if vector else found


def pool(features: WindowFeatures, maps: Maps, window: Floats, image_size: tuple[int, int]) -> Pooled:
    """Return what is pooled for a window, before any fully connected layer.

    Args:
        features: How windows become vectors.
        maps: Of the image, at the window's scale at least.
        window: float32 (4,), in pixels of the image.
        image_size: Height and width of the image.
    """
    features, windows = replace(features, head=None, layer="pool"), window[None]
    scales = features.scales_of(windows, image_size)
    scale, sizes = int(scales[0]), {name: (map.shape[0], map.shape[1]) for name, map in maps.items()}
    places = features.rectangles(sizes, windows, image_size, scale)
    vector = features.project(maps, windows, scales, image_size).all()[0]
    views, start = [], 0
    for view, name, cells in zip(features.pooling.views, places.maps, places.cells, strict=True):
        map = features.backbone.named(view.map)
        length = map.channels * bins(view.levels)
        values = vector[start : (start := start + length)].reshape(-1, map.channels)
        rectangles = _bin_cells(cells[0], view.levels)
        boxes = features.boxes(view, np.vstack([cells, rectangles]), image_size, scale)
        levels = tuple(_levels(view.levels, rectangles, boxes[1:], np.linalg.norm(values, axis=1)))
        views.append(
            PooledView(_name(view), map.name, map.stride, map.channels, sizes[name], cells[0], boxes[0], levels)
        )
    return Pooled(window, scale, tuple(views), vector)


def rounded(values: npt.NDArray[Any], digits: int = 2) -> list[Any]:
    """Return values as JSON holds them, short."""
    found: list[Any] = np.asarray(values, np.float64).round(digits).tolist()
    return found


def _levels(sides: Sequence[int], cells: Cells, boxes: Floats, strengths: Floats) -> Iterator[Level]:
    start = 0
    for side in sides:
        here = slice(start, start := start + side * side)
        yield Level(side, cells[here], boxes[here], strengths[here])


def _bin_cells(cells: Cells, levels: Sequence[int]) -> Cells:
    """Return the cells of every bin of a rectangle (4,): int32 (bins, 4).

    The kernel tells them itself: of a map of coordinates a bin's maximum is its last cell, of negatives its first.
    """
    columns, rows = np.meshgrid(np.arange(cells[0], cells[2]), np.arange(cells[1], cells[3]))
    coordinates = np.stack([-columns, -rows, columns + 1, rows + 1], axis=2).astype(np.float32)
    found = np.empty((1, bins(levels) * 4), np.float32)
    whole = np.array([[0, 0, *columns.shape[::-1]]], np.int32)
    pool_rectangles(coordinates, whole, found, levels=levels)
    return (found.reshape(-1, 4) * [-1, -1, 1, 1]).astype(np.int32)


def _name(view: View) -> str:
    if view.enlargement is None:
        return "whole image"
    return "window" if view.enlargement == 1 else "context" if view.enlargement > 1 else "middle"
