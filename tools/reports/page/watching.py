"""What a page tells of a model at work: how well its windows cover the objects, and the milliseconds of every image."""

from typing import Any

import numpy as np
import numpy.typing as npt

from sppnet.data import object_overlaps

Windows = npt.NDArray[np.floating]


class Watcher:
    """Sees every image's windows and times as `detect_all` goes on; the windows themselves are not kept.

    Attributes:
        windows: How many windows there were so far.
        milliseconds: By number of the image, by stage.
    """

    def __init__(self) -> None:
        self.windows = 0
        self.milliseconds: dict[int, dict[str, float]] = {}
        self._overlaps = [np.zeros(0)]

    def __call__(
        self, number: int, windows: Windows, target: dict[str, npt.NDArray[Any]], milliseconds: dict[str, float]
    ) -> None:
        """Take note of an image."""
        self.windows += len(windows)
        self.milliseconds[number] = dict(milliseconds)
        self._overlaps.append(object_overlaps([(windows, target)], [None]).overlaps[:, 0])

    def best_windows(self) -> npt.NDArray[np.float64]:
        """Return the best overlap of a window with every ordinary object so far, image by image."""
        return np.concatenate(self._overlaps)
