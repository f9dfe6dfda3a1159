"""The vectors of an image's windows, pooled when they are asked for.

Those of an image take 150 MB, so they are pooled in blocks, used and overwritten.
"""

import itertools
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import numpy.typing as npt

from ..threads import thread_count
from ..timing import Stopwatch
from ..types import Floats, Indices
from .kernels import Bands, borrowed_bands, pool_rectangles
from .products import inner_products
from .pyramid import bins
from .settings import View

if TYPE_CHECKING:
    import torch

    from .head import Head

BLOCK = 64  # vectors pooled and scored at a time: few enough to stay in the cache
PARTS = 4
Cells = npt.NDArray[np.int32]
Maps = Mapping[str, "Floats | torch.Tensor"]  # tensors of the same shape where the conv layers are on another device
Layer = Literal["pool", "fc6", "fc7"]


class Vectors(Protocol):
    """The vectors of an image's N windows, however they are made."""

    def all(self) -> Floats:
        """Return the vector of every window: float32 (N, D)."""

    def margins(self, weights: Floats, biases: Floats, clock: Stopwatch | None = None) -> Floats:
        """Return the inner products of every window's vector with weights (K, D), plus biases (K,): float32 (N, K)."""

    def take(self, windows: Indices) -> "Vectors":
        """Return the vectors of some windows, given by number."""


@dataclass(frozen=True)
class Rectangles:
    """What distinct windows cover at one scale.

    Attributes:
        maps: For every view the name of its map.
        cells: For every view the cells of its map, int32 (U, 4).
    """

    maps: tuple[str, ...]
    cells: tuple[Cells, ...]

    def __len__(self) -> int:
        """Return how many windows there are."""
        return len(self.cells[0])

    def __getitem__(self, rows: "slice | Indices") -> "Rectangles":
        """Return those of some windows."""
        return Rectangles(self.maps, tuple(cells[rows] for cells in self.cells))


@dataclass(frozen=True)
class WindowVectors:
    """The vectors of an image's windows; windows on the same cells share one.

    Attributes:
        views: The parts of a pooled vector.
        maps: What they are pooled from, by name.
        places: For every scale the rectangles of its distinct vectors.
        index: int64 (N,), which vector, counted over all scales, is each window's.
        width: Length of a pooled vector.
        head: Fully connected layers that pooled vectors go through, if there are some.
        layer: Which of these layers makes the vectors; "pool" for what is pooled.
    """

    views: tuple[View, ...]
    maps: Maps
    places: tuple[Rectangles, ...]
    index: Indices
    width: int
    head: "Head | None" = None
    layer: Layer = "pool"

    def __len__(self) -> int:
        """Return how many distinct vectors there are."""
        return sum(map(len, self.places))

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self.width if self.head is None or self.layer == "pool" else self.head.dimensions(self.layer)

    def all(self) -> Floats:
        """Return the vector of every window: float32 (N, D)."""
        vectors = np.empty((len(self), self.dimensions), np.float32)
        for rows, block in self.blocks(Stopwatch()):
            vectors[rows] = block
        return vectors[self.index]

    def margins(self, weights: Floats, biases: Floats, clock: Stopwatch | None = None) -> Floats:
        """Return the inner products of every window's vector with weights (K, D), plus biases (K,): float32 (N, K)."""
        # Fully connected layers have threads of their own.
        threads = thread_count() if self.layer == "pool" else 1
        # Some parts for each thread, because they do not take equally long.
        parts = self._parts(max(1, min(PARTS * threads, len(self) // BLOCK)) if threads > 1 else 1)
        clock, clocks = clock or Stopwatch(), [Stopwatch() for _ in parts]
        weights = np.ascontiguousarray(weights)
        with ThreadPoolExecutor(threads) as pool:
            run = pool.map if len(parts) > 1 else map
            margins = np.concatenate(list(run(lambda part, own: part._margins(weights, own), parts, clocks)))
        for own in clocks:
            clock.add(own, 1 / min(threads, len(parts)))
        return (margins + biases)[self.index]

    def take(self, windows: Indices) -> "WindowVectors":
        """Return the vectors of some windows, given by number."""
        wanted, index = np.unique(self.index[windows], return_inverse=True)
        places, start = [], 0
        for place in self.places:
            places.append(place[wanted[(wanted >= start) & (wanted < start + len(place))] - start])
            start += len(place)
        return replace(self, places=tuple(places), index=index)

    def _parts(self, count: int) -> "list[WindowVectors]":
        """Return the distinct vectors in as many parts."""
        bounds, parts = np.linspace(0, len(self), count + 1).astype(int), []
        for start, end in itertools.pairwise(bounds.tolist()):
            places, first = [], 0
            for place in self.places:
                places.append(place[max(0, start - first) : max(0, end - first)])
                first += len(place)
            parts.append(replace(self, places=tuple(places), index=np.arange(end - start)))
        return parts

    def _margins(self, weights: Floats, clock: Stopwatch) -> Floats:
        """Return the inner products of the distinct vectors with weights: float32 (U, K)."""
        margins = np.empty((len(self), len(weights)), np.float32)
        for rows, block in self.blocks(clock):
            with clock("scores"):
                margins[rows] = inner_products(block, weights)
        return margins

    def blocks(self, clock: Stopwatch) -> Iterator[tuple[slice, Floats]]:
        """Yield the distinct vectors block by block, with their rows; each is gone when the next comes."""
        buffer, end = np.empty((min(BLOCK, len(self)), self.width), np.float32), 0
        for place in filter(len, self.places):
            with ExitStack() as borrowed:
                maps = {name: np.asarray(self.maps[name]) for name in place.maps}
                bands = {name: borrowed.enter_context(borrowed_bands(map)) for name, map in maps.items()}
                for start in range(0, len(place), BLOCK):
                    with clock("pooling"):
                        block = buffer[: len(place) - start]
                        self._pool(maps, bands, place[start : start + BLOCK], block)
                    if self.head is not None and self.layer != "pool":
                        with clock("fc"):
                            block = self.head.vectors(block, self.layer)
                    yield slice(end, end := end + len(block)), block

    def _pool(self, maps: Mapping[str, Floats], bands: Mapping[str, Bands], place: Rectangles, block: Floats) -> None:
        """Fill the rows of a block, view by view."""
        column = 0
        for view, name, cells in zip(self.views, place.maps, place.cells, strict=True):
            width, whole = bins(view.levels) * maps[name].shape[2], view.enlargement is None
            pool_rectangles(
                maps[name], cells[:1] if whole else cells, block, levels=view.levels, column=column, bands=bands[name]
            )
            if whole:
                block[1:, column : column + width] = block[0, column : column + width]
            column += width


@dataclass(frozen=True)
class StoredVectors:
    """Vectors in memory: float32 (N, D)."""

    vectors: Floats

    def all(self) -> Floats:
        """Return the vector of every window: float32 (N, D)."""
        return self.vectors

    def margins(self, weights: Floats, biases: Floats, clock: Stopwatch | None = None) -> Floats:
        """Return the inner products of every window's vector with weights (K, D), plus biases (K,): float32 (N, K)."""
        with (clock or Stopwatch())("scores"):
            return inner_products(self.vectors, np.ascontiguousarray(weights)) + biases

    def take(self, windows: Indices) -> Vectors:
        """Return the vectors of some windows, given by number."""
        return StoredVectors(self.vectors[windows])
