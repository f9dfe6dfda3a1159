"""An analysis of a few drawn detections, and a data set of grey images for its pictures."""

from typing import Any

import numpy as np
import numpy.typing as npt

from sppnet.data import Analysis, DataError, DataSet, analyse
from tests.data.analysis.drawn import CLASSES, arrays

NAMES = ("one", "two")


class Album(DataSet):
    """Two grey images, of which the broken ones cannot be read."""

    def __init__(self, *broken: int) -> None:
        self.ids, self.classes, self.broken = list(NAMES), CLASSES, broken
        self.reads: list[int] = []

    def image(self, i: int, /) -> npt.NDArray[np.uint8]:
        self.reads.append(i)
        if i in self.broken:
            raise DataError(f"{self.ids[i]}: no such file")
        return np.full((60, 120, 3), 128, np.uint8)


def analysis(**options: Any) -> Analysis:
    return analyse(*arrays(), CLASSES, **options)
