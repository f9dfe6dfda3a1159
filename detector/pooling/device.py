"""Vectors of windows on another device, such as a GPU: pooled, put through the layers and scored where the maps are.

Only margins come back, and vectors when they are asked for. What is pooled is bit-equal to what the CPU pools of the
same maps; conv layers, fully connected layers and margins are sums of float32 in another order, without TF32, and
agree within 1e-3 of the largest value. A process that allows TF32 or less in its matrix products gets it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from ..backbone.on_device import moved
from ..timing import Stopwatch, stage
from ..types import Floats, Indices
from .settings import View
from .tables import MaximumTables
from .vectors import WindowVectors

BLOCK_BYTES = 1 << 28  # of vectors at a time; what the pooling keeps beside them is twice as much again


@dataclass(frozen=True)
class DeviceVectors:
    """The vectors of an image's windows, pooled on a device when they are asked for.

    Attributes:
        windows: Their cells, and maps that are tensors on the device.
        device: Where.
        block_bytes: Of the vectors that are there at a time.
    """

    windows: WindowVectors
    device: torch.device
    block_bytes: int = BLOCK_BYTES

    @classmethod
    def on(cls, device: str, windows: WindowVectors, *, block_bytes: int = BLOCK_BYTES) -> "DeviceVectors":
        """Return the vectors of windows on a device, to which maps that are not there yet are moved."""
        place = torch.device(device)
        maps = {name: torch.as_tensor(map).to(place) for name, map in windows.maps.items()}
        return cls(replace(windows, maps=maps), place, block_bytes)

    def __len__(self) -> int:
        """Return how many distinct vectors there are."""
        return len(self.windows)

    def all(self) -> Floats:
        """Return the vector of every window: float32 (N, D)."""
        vectors = np.empty((len(self), self.windows.dimensions), np.float32)
        with torch.inference_mode():
            for rows, block in self._blocks(None):
                vectors[rows] = block.cpu().numpy()
        return vectors[self.windows.index]

    def margins(self, weights: Floats, biases: Floats, clock: Stopwatch | None = None) -> Floats:
        """Return the inner products of every window's vector with weights (K, D), plus biases (K,): float32 (N, K)."""
        with torch.inference_mode():
            with stage(clock, "scores", self.device):
                columns = torch.from_numpy(weights).to(self.device).T
                margins = torch.empty((len(self), len(weights)), device=self.device)
            for rows, block in self._blocks(clock):
                with stage(clock, "scores", self.device):
                    torch.matmul(block, columns, out=margins[rows])
            with stage(clock, "scores", self.device):
                return (margins.cpu().numpy() + biases)[self.windows.index]

    def take(self, windows: Indices) -> "DeviceVectors":
        """Return the vectors of some windows, given by number."""
        return replace(self, windows=self.windows.take(windows))

    def _blocks(self, clock: Stopwatch | None) -> Iterator[tuple[slice, torch.Tensor]]:
        """Yield the distinct vectors block by block."""
        windows, end = self.windows, 0
        size = max(1, self.block_bytes // (4 * windows.width))
        for place in filter(len, windows.places):
            with stage(clock, "pooling", self.device):
                tables = tables_of(
                    windows.views, place.maps, {name: torch.as_tensor(windows.maps[name])[None] for name in place.maps}
                )
                cells = moved(np.stack(place.cells), self.device)
                numbers = torch.zeros(len(place), dtype=torch.int32, device=self.device)
            for start in range(0, len(place), size):
                some = slice(start, start + size)
                with stage(clock, "pooling", self.device):
                    block = pooled_views(windows.views, tables, numbers[some], cells[:, some])
                if windows.head is not None and windows.layer != "pool":
                    with stage(clock, "fc", self.device):
                        block = windows.head.through(block, windows.layer)
                yield slice(end, end := end + len(block)), block


def tables_of(
    views: Sequence[View], names: Sequence[str], maps: Mapping[str, torch.Tensor]
) -> tuple[MaximumTables, ...]:
    """Return for every view what its windows are pooled from: the tables of its map, (B, h, w, C), shared by views."""
    coarsest = {name: min(min(view.levels) for view, its in zip(views, names, strict=True) if its == name)
                for name in names}  # fmt: skip
    made = {name: MaximumTables(maps[name], coarsest=least) for name, least in coarsest.items()}
    return tuple(made[name] for name in names)


def pooled_views(
    views: Sequence[View], tables: Sequence[MaximumTables], numbers: torch.Tensor, cells: torch.Tensor
) -> torch.Tensor:
    """Return the pooled vectors of windows: (N, D), view after view.

    Args:
        views: The parts of a vector.
        tables: For every view, of the maps of some images.
        numbers: int32 (N,), the image of each window.
        cells: int32 (V, N, 4), for every view what the windows cover.
    """
    parts = [
        table.pool_whole(view.levels).index_select(0, numbers)
        if view.enlargement is None
        else table.pool(numbers, rectangles, view.levels)
        for view, table, rectangles in zip(views, tables, cells, strict=True)
    ]
    return torch.cat(parts, dim=1) if len(parts) > 1 else parts[0]


@dataclass(frozen=True)
class TensorVectors:
    """Vectors in the memory of a device: float32 (N, D)."""

    vectors: torch.Tensor

    @classmethod
    def on(cls, device: str, vectors: Floats | torch.Tensor) -> "TensorVectors":
        """Return vectors on a device, to which they are moved if they are not there yet."""
        return cls(torch.as_tensor(vectors).to(device))

    def all(self) -> Floats:
        """Return the vector of every window: float32 (N, D)."""
        vectors: Floats = self.vectors.cpu().numpy()
        return vectors

    def margins(self, weights: Floats, biases: Floats, clock: Stopwatch | None = None) -> Floats:
        """Return the inner products of every window's vector with weights (K, D), plus biases (K,): float32 (N, K)."""
        with torch.inference_mode(), stage(clock, "scores", self.vectors.device):
            columns = torch.from_numpy(weights).to(self.vectors.device).T
            return np.asarray((self.vectors @ columns).cpu().numpy() + biases, np.float32)

    def take(self, windows: Indices) -> "TensorVectors":
        """Return the vectors of some windows, given by number."""
        with torch.inference_mode():
            return TensorVectors(self.vectors[torch.from_numpy(windows).to(self.vectors.device)])
