"""Scores of proposals: the share of objects that some window covers, by how well, among how many windows.

Recall and mean average best overlap are those of Uijlings et al. 2013, section 5, average recall is COCO's.
All follow from the best overlap of each object, so that nothing else is kept of an image.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import DataError
from .metrics import Bools, Floats, Images, Integers, pair_overlaps

AVERAGED_IOUS = np.linspace(0.5, 0.95, 10)  # COCO's
OBJECT_SIZES = {"small": (0, 32**2), "medium": (32**2, 96**2), "large": (96**2, math.inf)}  # COCO's, in pixels of area


class ObjectOverlaps(NamedTuple):
    """How well windows cover the ordinary objects of some images, for several numbers of windows.

    Every score is float64 (K,), one for each number, all NaN if there are no objects.
    """

    labels: Integers  # (M,)
    areas: Floats  # (M,) of the boxes, in pixels of the image
    overlaps: Floats  # (M, K) of the best among the first windows of the image, for K numbers of windows

    def of_class(self, label: int) -> "ObjectOverlaps":
        """Return the objects of one class."""
        return self._select(self.labels == label)

    def of_size(self, size: str) -> "ObjectOverlaps":
        """Return the small, medium or large objects; of two sizes, a border belongs to the larger."""
        least, limit = OBJECT_SIZES[size]
        return self._select((self.areas >= least) & (self.areas < limit))

    def recall(self, iou: float) -> Floats:
        """Return the share of objects that some window overlaps by at least `iou`."""
        return _mean(self.overlaps >= iou)

    def average_recall(self) -> Floats:
        """Return the mean of the recalls at 0.5, 0.55, ..., 0.95."""
        return _mean(np.array([self.recall(iou) for iou in AVERAGED_IOUS]))

    def mean_average_best_overlap(self) -> Floats:
        """Return the overlap of the best window, averaged over the objects of a class, then over the classes."""
        averages = [_mean(self.overlaps[self.labels == label]) for label in np.unique(self.labels)]
        return _mean(np.reshape(averages, (-1, self.overlaps.shape[1])))

    def _select(self, rows: Bools) -> "ObjectOverlaps":
        return ObjectOverlaps(self.labels[rows], self.areas[rows], self.overlaps[rows])


def object_overlaps(
    images: Iterable[tuple[npt.NDArray[Any], Mapping[str, npt.NDArray[Any]]]], numbers: Sequence[int | None]
) -> ObjectOverlaps:
    """Return the best overlaps of all ordinary objects, for several numbers of windows at once.

    The images are taken one at a time, and their windows are not kept.

    Args:
        images: For each image its windows (N, 4), best first, and its target: boxes, labels and difficult.
        numbers: For each entry only so many windows of an image count, its first ones; None counts them all.

    Raises:
        DataError: If a number is not positive, or windows are not finite (N, 4).
    """
    bad = [number for number in numbers if number is not None and number < 1]
    if bad:
        raise DataError(f"numbers of windows must be 1 or more, or None for all, got {bad[0]}")
    parts = [ObjectOverlaps(np.zeros(0, np.int64), np.zeros(0), np.zeros((0, len(numbers))))]
    for place, (windows, target) in enumerate(images):
        ordinary = _ordinary(target)
        boxes = np.asarray(target["boxes"], np.float64)[ordinary]
        labels = np.asarray(target["labels"], np.int64)[ordinary]
        areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
        parts.append(ObjectOverlaps(labels, areas, _best_overlaps(windows, boxes, numbers, place)))
    return ObjectOverlaps(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def recall(
    windows: Sequence[npt.NDArray[Any]], targets: Images, *, iou: float = 0.5, limit: int | None = None
) -> float:
    """Return the share of ordinary objects that some window overlaps by at least `iou`.

    Args:
        windows: For each image its windows (N, 4), best first.
        targets: For each image its objects' boxes (M, 4) and difficult (M,).
        iou: Least intersection over union at which a window covers an object.
        limit: How many windows of an image count, its first ones; None counts them all.

    Returns:
        0 to 1; NaN if there are no ordinary objects.
    """
    labelled = [{**target, "labels": np.zeros(len(target["boxes"]), np.int64)} for target in targets]
    return float(object_overlaps(_pairs(windows, labelled), [limit]).recall(iou)[0])


def mean_average_best_overlap(
    windows: Sequence[npt.NDArray[Any]], targets: Images, classes: int, *, limit: int | None = None
) -> float:
    """Return the overlap of the best window, averaged over the ordinary objects of a class, then over the classes.

    Uijlings et al. 2013, section 5. Arguments as for `recall`, targets with labels too, of which only 0 to
    `classes - 1` count; NaN if there are no ordinary objects.
    """
    found = object_overlaps(_pairs(windows, targets), [limit])
    averages = [found.of_class(label).mean_average_best_overlap() for label in range(classes)]
    present = np.array(averages)[~np.isnan(averages)]
    return float(present.mean()) if len(present) else math.nan


def _pairs(
    windows: Sequence[npt.NDArray[Any]], targets: Images
) -> Iterable[tuple[npt.NDArray[Any], Mapping[str, npt.NDArray[Any]]]]:
    if len(windows) != len(targets):
        raise DataError(f"there must be as many images with windows as targets, got {len(windows)} and {len(targets)}")
    return zip(windows, targets, strict=True)


def _ordinary(target: Mapping[str, npt.NDArray[Any]]) -> Bools:
    return ~np.asarray(target["difficult"], np.bool_)


def _best_overlaps(windows: npt.NDArray[Any], boxes: Floats, numbers: Sequence[int | None], place: int) -> Floats:
    """Return (M, K): for each box the overlap of the best of the first windows, for each number of windows."""
    first = np.asarray(windows, np.float64)
    if first.ndim != 2 or first.shape[1] != 4 or not np.isfinite(first).all():
        raise DataError(f"image {place}: windows must be finite numbers (N, 4), got {first.shape}")
    overlaps = pair_overlaps(boxes[:, None], first[None])
    # One column more in front: the best of no windows at all.
    best = np.maximum.accumulate(np.pad(overlaps, ((0, 0), (1, 0))), axis=1)
    return best[:, [len(first) if number is None else min(number, len(first)) for number in numbers]]


def _mean(values: npt.NDArray[Any]) -> Floats:
    """Return the means of the columns, NaN without rows."""
    return np.mean(values, axis=0, dtype=np.float64) if len(values) else np.full(values.shape[1], np.nan)
