"""An analysis of a few drawn detections, and a data set of grey images for its pictures."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sppnet.data import Analysis, DataError, DataSet, Target, analyse
from tests.data.analysis.drawn import CLASSES, arrays

NAMES = ("one", "two")


class Album(DataSet):
    """Two grey images, of which the broken ones cannot be read."""

    def __init__(self, *broken: int) -> None:
        self.root, self.split, self.classes, self.ids = Path("album"), None, CLASSES, list(NAMES)
        self.dropped, self.problems = [], []
        self.broken, self.reads = broken, list[int]()

    def image_path(self, i: int, /) -> Path:
        return self.root / self.ids[i]

    def told_size(self, i: int, /) -> tuple[float, float]:
        return 120, 60

    def target(self, i: int, /) -> Target:
        return arrays()[1][i]

    def image(self, i: int, /) -> npt.NDArray[np.uint8]:
        self.reads.append(i)
        if i in self.broken:
            raise DataError(f"{self.ids[i]}: no such file")
        return np.full((60, 120, 3), 128, np.uint8)


def analysis(**options: Any) -> Analysis:
    return analyse(*arrays(), CLASSES, **options)
