"""Scores of detections: VOC07 and VOC10+ average precision; COCO's are in `coco_metrics.py`.

The rules are those of the VOC development kit (Everingham et al. 2010), which `tests/data/scoring/test_metrics.py`
holds in its literal form. Boxes here have outer edges, so `x2 - x1` is the devkit's width `xmax - xmin + 1`. A
detection of zero or negative width or height overlaps nothing: a false alarm.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import DataError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Images = Sequence[Mapping[str, npt.NDArray[Any]]]


class Boxes(NamedTuple):
    """The boxes of all images, one after the other."""

    images: Integers
    boxes: Floats
    labels: Integers
    values: npt.NDArray[Any]  # scores, or whether difficult

    def select(self, rows: Bools | Integers) -> "Boxes":
        """Return some of the boxes."""
        return Boxes(self.images[rows], self.boxes[rows], self.labels[rows], self.values[rows])


class Judged(NamedTuple):
    """The detections of one class that count, N of them with the best scores first, and the objects to be found.

    Attributes:
        images: int64 (N,), numbers of the images that they are of.
        scores: float64 (N,).
        hits: bool (N,), whether each is a hit or a false alarm.
        objects: int64 (images,), how many ordinary objects of the class every image has.
    """

    images: Integers
    scores: Floats
    hits: Bools
    objects: Integers


def average_precision(
    detections: Images, targets: Images, classes: int, *, rule: Literal["voc07", "voc12"] = "voc07", iou: float = 0.5
) -> Floats:
    """Return the average precision of every class.

    Best scores first, equal scores in the order given, a detection goes to the object of its class and image that it
    overlaps most, taken or not. A difficult object makes it neither hit nor false alarm; a free one with at least
    `iou` makes it a hit; all else is a false alarm.

    Args:
        detections: For each image a mapping with boxes (N, 4), labels (N,) and scores (N,).
        targets: For each image a mapping with boxes (M, 4), labels (M,) and difficult (M,).
        classes: Number of classes.
        rule: "voc07" averages the best precision at recall 0, 0.1, ..., 1 or more; "voc12" takes the area under the
            falling envelope of the curve (VOC 2010 and later).
        iou: Least intersection over union of a hit with its object.

    Returns:
        float64 (classes,); NaN for a class without ordinary objects.

    Raises:
        DataError: If the two do not fit together, a label is out of range, or a score or an edge is not a number.
    """
    average = _rule(rule)
    precisions = np.full(classes, np.nan)
    for label, judged in enumerate(judged_detections(detections, targets, classes, iou=iou)):
        ordinary = int(judged.objects.sum())
        if ordinary:
            precisions[label] = average(np.cumsum(judged.hits), ordinary)
    return precisions


def judged_detections(detections: Images, targets: Images, classes: int, *, iou: float = 0.5) -> list[Judged]:
    """Return which detections of every class are right; rules, arguments and errors are those of `average_precision`.

    Whether a detection is right depends on its own image only: some of the images are judged by picking theirs.
    """
    found, objects = flatten(detections, targets, classes)
    found = found.select(np.argsort(-found.values, kind="stable"))
    judged = []
    for label in range(classes):
        mine, of_class = found.select(found.labels == label), objects.select(objects.labels == label)
        hits, counted = _hits(mine, of_class, iou)
        ordinary = np.bincount(of_class.images[~of_class.values], minlength=len(targets))
        judged.append(Judged(mine.images[counted], mine.values[counted], hits[counted], ordinary))
    return judged


def label_average_precision(
    scores: npt.NDArray[np.floating], labels: npt.NDArray[np.int8], *, rule: Literal["voc07", "voc12"] = "voc07"
) -> Floats:
    """Return the average precision of every class in the classification of whole images.

    Args:
        scores: Floats (N, K), a row for each image; images of equal scores keep their order.
        labels: int8 (N, K), +1 and -1 for images that show the class and that do not, 0 for those left out.
        rule: How precisions are averaged; see `average_precision`.

    Returns:
        float64 (K,); NaN for a class that no image shows.

    Raises:
        DataError: If the two do not fit together, a score is not a number, or a label none of the three.
    """
    fit = scores.ndim == 2 and scores.shape == labels.shape
    if not fit or np.isnan(scores).any() or not np.isin(labels, (-1, 0, 1)).all():
        raise DataError(
            f"scores must be numbers and labels -1, 0 or 1, both of shape (N, K), got {scores.shape} and {labels.shape}"
        )
    average = _rule(rule)
    precisions = np.full(labels.shape[1], np.nan)
    for label in range(labels.shape[1]):
        best_first = np.argsort(-scores[:, label], kind="stable")
        counted = labels[best_first, label]
        hits = counted[counted != 0] > 0
        if hits.any():
            precisions[label] = average(np.cumsum(hits), int(hits.sum()))
    return precisions


def pair_overlaps(first: Floats, second: Floats) -> Floats:
    """Return the intersection over union of boxes (..., 4) and boxes (..., 4), 0 where one is empty."""
    corners = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    inside = np.where((corners > 0).all(axis=-1), corners.prod(axis=-1), 0)
    areas = (first[..., 2:] - first[..., :2]).prod(axis=-1) + (second[..., 2:] - second[..., :2]).prod(axis=-1)
    overlaps: Floats = np.divide(inside, areas - inside, out=np.zeros_like(inside), where=inside > 0)
    return overlaps


def flatten(detections: Images, targets: Images, classes: int) -> tuple[Boxes, Boxes]:
    """Return the detections and the objects of all images, image by image, checked as `average_precision` tells."""
    if len(detections) != len(targets):
        raise DataError(
            f"there must be as many images with detections as targets, got {len(detections)} and {len(targets)}"
        )
    return _joined(detections, "scores", np.float64, classes), _joined(targets, "difficult", np.bool_, classes)


def _joined(images: Images, values: str, kind: type[np.generic], classes: int) -> Boxes:
    """Return the boxes of all images in one table, checked."""
    columns: list[Boxes] = [Boxes(np.zeros(0, np.int64), np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros(0, kind))]
    for number, image in enumerate(images):
        boxes = np.asarray(image["boxes"], np.float64)
        labels, numbers = np.asarray(image["labels"], np.int64), np.asarray(image[values], kind)
        if boxes.shape != (len(labels), 4) or labels.ndim != 1 or numbers.shape != labels.shape:
            shapes = f"{boxes.shape}, {labels.shape} and {numbers.shape}"
            raise DataError(f"image {number}: boxes (N, 4), labels (N,) and {values} (N,) must agree, got {shapes}")
        for name, valid in (
            ("boxes must be finite numbers", np.isfinite(boxes).all(axis=1)),
            (f"labels must be 0 to {classes - 1}", (labels >= 0) & (labels < classes)),
            (f"{values} must not be NaN", numbers == numbers),
        ):
            if not valid.all():
                row = int(np.argmin(valid))
                raise DataError(f"image {number}, box {row}: {name}, got {boxes[row]}, {labels[row]}, {numbers[row]}")
        columns.append(Boxes(np.full(len(labels), number), boxes, labels, numbers))
    return Boxes(*(np.concatenate(column) for column in zip(*columns, strict=True)))


def _hits(found: Boxes, objects: Boxes, iou: float) -> tuple[Bools, Bools]:
    """Return which detections of one class are hits, and which count: not those on difficult objects.

    Whose object a detection takes does not depend on which are taken, so all pairs are scored at once: of the
    detections that take an object, the first is the hit.
    """
    starts = np.searchsorted(objects.images, found.images)
    counts = np.searchsorted(objects.images, found.images, side="right") - starts
    takers = np.repeat(np.arange(len(starts)), counts)
    taken = np.arange(len(takers)) + np.repeat(starts - np.cumsum(counts) + counts, counts)
    overlaps = pair_overlaps(found.boxes[takers], objects.boxes[taken])
    best = np.zeros(len(starts))
    np.maximum.at(best, takers, overlaps)
    chosen = (overlaps == best[takers]) & (overlaps >= iou)
    takers, first = np.unique(takers[chosen], return_index=True)  # of two objects overlapped alike the first
    taken = taken[chosen][first]
    difficult = objects.values[taken]
    hits = np.zeros(len(starts), np.bool_)
    hits[takers[np.unique(taken, return_index=True)[1]]] = True
    counted = np.ones(len(starts), np.bool_)
    counted[takers[difficult]] = False
    return hits, counted


def accuracy(scores: npt.NDArray[np.floating], labels: npt.NDArray[np.int8]) -> float:
    """Return the share of images whose best score, the first of equal ones, is that of a class they show.

    Args:
        scores: Floats (N, K), a row for each image.
        labels: int8 (N, K), +1 for the classes that an image shows.

    Returns:
        0 to 1; NaN for no images.
    """
    right = labels[np.arange(len(labels)), scores.argmax(axis=1)] > 0
    return float(right.mean()) if len(right) else np.nan


def _rule(rule: str) -> Callable[[Integers, int], float]:
    """Return what makes an average precision of the hits so far, one by one, and the number of objects."""
    if rule not in ("voc07", "voc12"):
        raise DataError(f"rule must be 'voc07' or 'voc12', got {rule!r}")
    return _eleven_points if rule == "voc07" else area_precision


def _eleven_points(hits: Integers, objects: int) -> float:
    """Return VOC07's average: recalls are compared as integers, since 0.7 has no exact floating-point form."""
    precisions = hits / np.arange(1, len(hits) + 1)
    best = [precisions[10 * hits >= tenth * objects].max(initial=0) for tenth in range(11)]
    return float(np.cumsum(best)[-1] / 11)  # one by one, as the devkit adds; sum() of Python 3.12 rounds otherwise


def area_precision(hits: Integers, objects: int) -> float:
    """Return the area under the falling envelope of precision against recall.

    Args:
        hits: int64 (N,), how many of the detections so far, best first, are hits.
        objects: How many objects there are to be found; at least one.
    """
    recalls = np.concatenate([[0], hits / objects, [1]])
    precisions = np.concatenate([[0], hits / np.arange(1, len(hits) + 1), [0]])
    envelope = np.maximum.accumulate(precisions[::-1])[::-1]
    steps = np.flatnonzero(recalls[1:] != recalls[:-1]) + 1
    return float(np.sum((recalls[steps] - recalls[steps - 1]) * envelope[steps]))
