"""Whether pixels were counted from 0 or from 1, suspected from where boxes begin and end.

Among many boxes some touch the edges of their image. Where they begin and end tells how pixels were counted: as the
format has it, they begin at 0 and end at the image's width or height in our count.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from .findings import Finding

MANY = 5  # edges that are no accident


class EdgeCounts:
    """How many edges of boxes are how far from those of their image, in whole pixels, -1 to 1."""

    def __init__(self) -> None:
        self._first, self._last = Counter[int](), Counter[int]()

    def add(self, boxes: npt.NDArray[np.float64], size: tuple[int, int]) -> None:
        """Count the boxes (N, 4) of an image, not clipped."""
        for counts, distances in ((self._first, boxes[:, :2]), (self._last, boxes[:, 2:] - size)):
            for distance in (-1, 0, 1):
                counts[distance] += int((distances == distance).sum())

    def suspicions(self, place: str, from_one: bool) -> Iterator[Finding]:
        """Yield what the counts mean in a format that counts pixels from 0, or from 1 with the last one inside."""
        first, last = self._first, self._last
        ends = f"{last[0]} end at the right or bottom edge, {last[-1]} a pixel before"
        if from_one and first[-1]:
            fault = f"{first[-1]} edges are at 0, and the format counts pixels from 1; {ends}"
            yield Finding("counting", place, f"{fault}: written by a program that counts from 0?", images=0)
        elif first[0] >= MANY and not last[0] and last[-1] >= MANY:
            fault = f"{first[0]} edges are at the left or top edge and none at the right or bottom one, {last[-1]}"
            yield Finding("counting", place, f"{fault} a pixel before: boxes a pixel too small?", images=0)
        elif first[1] >= MANY and not first[0] and last[0] >= MANY:
            fault = f"no edge is at the left or top edge, {first[1]} a pixel beside, and {ends}"
            yield Finding("counting", place, f"{fault}: written by a program that counts from 1?", images=0)


def as_array(boxes: Sequence[tuple[float, ...]]) -> npt.NDArray[np.float64]:
    """Return boxes as an array (N, 4)."""
    return np.array(boxes, np.float64).reshape(-1, 4)
