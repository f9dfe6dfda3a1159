"""Pyramid pooling in a few launches: any bin's maximum is read from those of rectangles of 1, 2, 4, ... cells a side.

The sparse table of range-minimum queries (Bender and Farach-Colton 2000), in two dimensions: four rectangles whose
sides are the largest powers of two that fit cover a bin, so its maximum is that of four entries, whatever its size. All
bins of all rectangles, in all maps of a batch, are read at once.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache

import numpy as np
import torch
from torch.nn.functional import embedding_bag

from ..backbone.on_device import moved
from .pyramid import bins
from .pyramid_layer import PyramidPooling

TABLE_BYTES = 1 << 29  # of a table; one that would take more is made of some channels after the other


class MaximumTables:
    """Maps of some images of one size, ready to be pooled.

    Args:
        maps: float32 (B, h, w, C), on any device, without NaN.
        coarsest: The least level that will be pooled: bins of finer ones are smaller.
        table_bytes: The largest table.
    """

    def __init__(self, maps: torch.Tensor, *, coarsest: int = 1, table_bytes: int = TABLE_BYTES) -> None:
        self.maps = maps
        self._powers = tuple(min(side, -(-side // coarsest) + 1).bit_length() for side in maps.shape[1:3])
        entries = self._powers[0] * self._powers[1] * maps[..., 0].numel()
        self._channels = max(1, min(maps.shape[3], table_bytes // (entries * maps.element_size())))

    def pool(self, numbers: torch.Tensor, cells: torch.Tensor, levels: Sequence[int]) -> torch.Tensor:
        """Return the vector of every rectangle, equal to that of `pool_rectangles`; no gradient flows.

        Args:
            numbers: int32 (N,), which map each rectangle is of.
            cells: int32 (N, 4), x1 y1 x2 y2 in cells, half-open, not empty and inside the map.
            levels: Bins per side of each level, none below the coarsest.

        Returns:
            (N, bins * C) on the maps' device; (0, bins * C) for N = 0.
        """
        width = bins(levels) * self.maps.shape[3]
        if not len(cells):
            return self.maps.new_zeros((0, width))
        entries = self._entries(numbers, cells, tuple(levels))
        parts = [embedding_bag(entries, table, mode="max") for table in self._tables()]
        return (parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)).reshape(len(cells), width)

    def _entries(self, numbers: torch.Tensor, cells: torch.Tensor, levels: tuple[int, ...]) -> torch.Tensor:
        """Return the four entries that cover each bin: int32 (N * bins, 4)."""
        count, height, width, _ = self.maps.shape
        # Entry (ky, kx, b, y, x) is the maximum of 2**ky rows and 2**kx columns from cell (y, x) of map b on.
        step_x, step_y = count * height * width, self._powers[1] * count * height * width
        x, y = (cells[:, side] for side in (0, 1))
        columns = _corners(width, levels, False, step_x, 1, cells.device)[cells[:, 2] - x] + x[:, None, None]
        first = (numbers * height + y) * width
        rows = _corners(height, levels, True, step_y, width, cells.device)[cells[:, 3] - y] + first[:, None, None]
        return (rows[..., :, None] + columns[..., None, :]).reshape(-1, 4)

    def pool_whole(self, levels: Sequence[int]) -> torch.Tensor:
        """Return the vector of every whole map: (B, bins * C)."""
        vectors: torch.Tensor = PyramidPooling(levels)(self.maps.permute(0, 3, 1, 2))
        return vectors

    def _tables(self) -> Iterator[torch.Tensor]:
        if self._channels == self.maps.shape[3]:
            yield self._whole
            return
        for first in range(0, self.maps.shape[3], self._channels):
            yield self._table(self.maps[..., first : first + self._channels])

    @cached_property
    def _whole(self) -> torch.Tensor:
        return self._table(self.maps)

    def _table(self, maps: torch.Tensor) -> torch.Tensor:
        """Return the maxima: (entries, channels). Those of rectangles that leave the map are not set, and not read."""
        table = maps.new_empty((*self._powers, *maps.shape))  # (Ky, Kx, B, h, w, C)
        table[0, 0] = maps
        for power in range(1, self._powers[0]):
            half, known, wanted = 1 << (power - 1), table[power - 1, 0], table[power, 0]
            torch.maximum(known[:, :-half], known[:, half:], out=wanted[:, :-half])
        for power in range(1, self._powers[1]):
            half, known, wanted = 1 << (power - 1), table[:, power - 1], table[:, power]
            torch.maximum(known[..., :-half, :], known[..., half:, :], out=wanted[..., :-half, :])
        return table.reshape(-1, maps.shape[3])


@lru_cache(maxsize=256)  # of a few kilobytes
def _corners(
    side: int, levels: tuple[int, ...], rows: bool, power_step: int, step: int, device: torch.device
) -> torch.Tensor:
    """Return what to add to the entry of a rectangle's first cell, along one side, for the two corners of every bin.

    Args:
        side: Cells of the map.
        levels: Bins per side of each level.
        rows: Whether it is the side along which a level's rows of bins lie, or their columns.
        power_step: From the entry of a power of two to that of the next.
        step: From the entry of a cell to that of the next.
        device: Where it is needed.

    Returns:
        int32 (side + 1, bins, 2), by the cells of the rectangle along the side; 0 cells have no bins.
    """
    lengths = np.arange(side + 1)[:, None]
    number = np.concatenate([np.indices((level, level))[0 if rows else 1].ravel() for level in levels])
    parts = np.concatenate([np.full(level * level, level) for level in levels])
    first, last = number * lengths // parts, -(-(number + 1) * lengths // parts)
    power = np.frexp(np.maximum(last - first, 1))[1] - 1
    corners = power[..., None] * power_step + np.stack([first, last - (1 << power)], axis=2) * step
    return moved(corners.astype(np.int32), device)
