"""Windows of an image as fixed-length vectors: maps, projection, pyramid pooling (He et al. 2015, figure 5).

The conv layers run once per image and scale; each window picks its scale, is projected onto that map and pooled.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .geometry import Preset, choose_scales, resized_size, window_cells
from .pooling import LEVELS, pool_windows
from .trunk import Trunk

Maps = dict[int, npt.NDArray[np.float32]]


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

    def pool(
        self, maps: Maps, windows: npt.NDArray[np.float32], image_size: tuple[int, int]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Return one vector for each distinct cell rectangle, and which of them is each window's.

        Args:
            maps: As `maps` returns them.
            windows: float32 (N, 4), in pixels of the image.
            image_size: Height and width of the image.

        Returns:
            float32 (U, dimensions) and int64 (N,) with values below U. No windows give U = 0.
        """
        chosen = choose_scales(windows, image_size, self.scales, self.geometry)
        vectors, index = [], np.zeros(len(windows), np.int64)
        found = 0
        for number, scale in enumerate(self.scales):
            mine = np.flatnonzero(chosen == number)
            if len(mine) or len(self.scales) == 1:
                pooled, order = pool_windows(
                    maps[scale], self._cells(windows[mine], image_size, scale, maps[scale].shape[:2]), levels=self.levels
                )
                index[mine] = order + found
                found += len(pooled)
                vectors.append(pooled)
        return (vectors[0] if len(vectors) == 1 else np.concatenate(vectors)), index

    def _cells(
        self, windows: npt.NDArray[np.float32], image_size: tuple[int, int], scale: int, map_size: tuple[int, ...]
    ) -> npt.NDArray[np.int32]:
        return window_cells(
            windows,
            image_size=image_size,
            scale=min(resized_size(image_size, scale, self.max_side)),
            stride=self.trunk.stride,
            first_centre=self.trunk.first_centre,
            map_size=(map_size[0], map_size[1]),
            preset=self.geometry,
        )

    def _powered(self, cells: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        if self.power == 1.0:
            return cells
        return np.asarray(np.sign(cells) * np.abs(cells) ** np.float32(self.power), np.float32)
