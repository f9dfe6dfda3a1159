"""Windows of an image as fixed-length vectors: maps, projection, pyramid pooling (He et al. 2015, figure 5).

The conv layers run once per image and scale; each window picks its scale, is projected onto that map and pooled. The
vectors of an image take 150 MB, so they are pooled in blocks, used and overwritten.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .geometry import Preset, choose_scales, resized_size, window_cells
from .pooling import LEVELS, distinct_cells, pool_windows
from .timing import Stopwatch
from .trunk import Trunk

BLOCK = 256  # vectors pooled and scored at a time: few enough to stay in the cache
Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]
Maps = dict[int, Floats]


@dataclass(frozen=True)
class WindowFeatures:
    """How windows become vectors.

    Attributes:
        trunk: The conv layers.
        scales: Short sides in pixels; a window uses the one that brings it nearest to 224x224.
        max_side: The longest side an image is resized to, in pixels.
        levels: Bins per side of every level of the pyramid.
        geometry: "paper" or "release".
        power: Exponent applied to the maps, sign kept; it commutes with the maximum. 1 leaves them as they are.
    """

    trunk: Trunk
    scales: Sequence[int] = (600,)
    max_side: int = 2400
    levels: Sequence[int] = LEVELS
    geometry: Preset = "paper"
    power: float = 1.0

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self.trunk.channels * sum(level * level for level in self.levels)

    def maps(self, image: npt.NDArray[np.uint8]) -> Maps:
        """Return the image's map at every scale: float32 (h, w, C)."""
        return {scale: self._powered(self.trunk.map(image, scale, max_side=self.max_side)) for scale in self.scales}

    def project(self, maps: Maps, windows: Floats, image_size: tuple[int, int]) -> "WindowVectors":
        """Return the vectors of an image's windows, not pooled yet.

        Args:
            maps: As `maps` returns them.
            windows: float32 (N, 4), in pixels of the image.
            image_size: Height and width of the image.
        """
        chosen = choose_scales(windows, image_size, self.scales, self.geometry)
        rectangles, index, found = [], np.zeros(len(windows), np.int64), 0
        for number, scale in enumerate(self.scales):
            mine = chosen == number
            cells = window_cells(
                windows[mine],
                image_size=image_size,
                scale=min(resized_size(image_size, scale, self.max_side)),
                stride=self.trunk.stride,
                first_centre=self.trunk.first_centre,
                map_size=(maps[scale].shape[0], maps[scale].shape[1]),
                preset=self.geometry,
            )
            distinct, order = distinct_cells(cells)
            index[mine] = order + found
            found += len(distinct)
            rectangles.append(distinct)
        return WindowVectors(self, maps, tuple(rectangles), index)

    def _powered(self, cells: Floats) -> Floats:
        if self.power == 1.0:
            return cells
        return np.asarray(np.sign(cells) * np.abs(cells) ** np.float32(self.power), np.float32)


@dataclass(frozen=True)
class WindowVectors:
    """The vectors of an image's windows, pooled when they are asked for; windows on the same cells share one.

    Attributes:
        features: Made them.
        maps: They are pooled from these.
        rectangles: The distinct cell rectangles of every scale, int32 (U, 4) each.
        index: int64 (N,), which vector, counted over all scales, is each window's.
    """

    features: WindowFeatures
    maps: Maps
    rectangles: tuple[npt.NDArray[np.int32], ...]
    index: Indices

    def all(self) -> Floats:
        """Return the vector of every window: float32 (N, D)."""
        vectors = np.empty((sum(map(len, self.rectangles)), self.features.dimensions), np.float32)
        for rows, block in self._blocks():
            vectors[rows] = block
        return vectors[self.index]

    def margins(self, weights: Floats, biases: Floats, clock: Stopwatch | None = None) -> Floats:
        """Return the inner products of every window's vector with weights (K, D), plus biases (K,): float32 (N, K)."""
        clock = clock or Stopwatch()
        margins = np.empty((sum(map(len, self.rectangles)), len(weights)), np.float32)
        for rows, block in self._blocks(clock):
            with clock("scores"):
                np.matmul(block, weights.T, out=margins[rows])
        return (margins + biases)[self.index]

    def take(self, windows: Indices) -> "WindowVectors":
        """Return the vectors of some windows, given by number."""
        wanted, index = np.unique(self.index[windows], return_inverse=True)
        starts = np.cumsum([0, *map(len, self.rectangles)])
        rectangles = tuple(
            cells[wanted[(wanted >= start) & (wanted < start + len(cells))] - start]
            for start, cells in zip(starts, self.rectangles, strict=False)
        )
        return WindowVectors(self.features, self.maps, rectangles, index)

    def _blocks(self, clock: Stopwatch | None = None) -> Iterator[tuple[slice, Floats]]:
        """Yield the distinct vectors block by block; each is gone when the next comes."""
        clock = clock or Stopwatch()
        buffer = np.empty((min(BLOCK, max(map(len, self.rectangles))), self.features.dimensions), np.float32)
        end = 0
        for scale, cells in zip(self.features.scales, self.rectangles, strict=True):
            for start in range(0, len(cells), BLOCK):
                with clock("pooling"):
                    part = cells[start : start + BLOCK]
                    block, _ = pool_windows(self.maps[scale], part, levels=self.features.levels, out=buffer)
                yield slice(end, end := end + len(block)), block
