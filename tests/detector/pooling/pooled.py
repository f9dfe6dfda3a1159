"""The vectors of rectangles, by the kernel of production."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sppnet.detector.pooling.kernels import pool_rectangles
from sppnet.detector.pooling.pyramid import LEVELS, bins


def pooled(
    map: npt.NDArray[np.float32], cells: npt.NDArray[np.int32], levels: Sequence[int] = LEVELS
) -> npt.NDArray[np.float32]:
    """Return the vector of every rectangle: float32 (N, bins * C)."""
    vectors = np.empty((len(cells), bins(levels) * map.shape[-1]), np.float32)
    pool_rectangles(map, cells, vectors, levels=levels)
    return vectors
