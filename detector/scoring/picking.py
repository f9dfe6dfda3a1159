"""Which windows become detections: suppression, box regression, and what inference adds to them.

He et al. 2015, section 4.1, with the release's 100 detections of a class in an image (test_net).
"""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..timing import Stopwatch
from ..types import Floats, Indices
from .boxes import clip, decode, suppress
from .inference import Inference
from .soft_suppression import suppress_softly
from .voting import vote

PER_CLASS = 100  # detections of one class in one image
CANDIDATES = 500  # windows of one class that are moved before suppression, where inference asks for that
USUAL = Inference()


class Judgement(Protocol):
    """What is thought of N windows of an image."""

    @property
    def margins(self) -> Floats:
        """By which windows of a class are compared: float32 (N, K)."""

    def offsets(self, rows: Indices, labels: Indices) -> Floats:
        """Return the offsets of windows, given by number, for one class each: float32 (M, 4)."""

    def reported(self, rows: Indices, labels: Indices) -> Floats:
        """Return the margins that detections have, float32 (M,), of windows, given by number, for one class each."""


def pick(
    windows: Floats,
    judged: Judgement,
    image_size: tuple[int, ...],
    *,
    floor: float,
    scores: Callable[[Floats], Floats],
    confidence: float,
    iou: float,
    clock: Stopwatch,
    inference: Inference = USUAL,
) -> dict[str, Any]:
    """Return the detections among an image's windows, best first.

    Args:
        windows: float32 (N, 4).
        judged: What is thought of them.
        image_size: Height and width of the image.
        floor: Only windows with more can be detections.
        scores: Makes scores, float32 (M,), of margins.
        confidence: Least score of a detection.
        iou: Of two detections of a class that overlap by more, the better stays.
        clock: Counts the time of the stages.
        inference: Whether suppression is soft, and boxes vote.

    Returns:
        "boxes" float32 (M, 4) inside the image, "labels" int64 (M,), "scores" and "margins" float32 (M,). Scores that
        decayed have the margins they had before.
    """
    with clock("suppression"):
        choose = likely_windows if inference.moves_all else best_windows
        rows, labels = choose(windows, judged.margins, floor, iou)
    with clock("regression"):
        boxes = clip(decode(windows[rows], judged.offsets(rows, labels)), *image_size[:2])
    with clock("suppression"):
        best = judged.margins[rows, labels]
        probabilities = scores(best)
        wanted = probabilities >= confidence
        if inference.soft:
            kept, decayed = kept_softly(boxes, labels, probabilities, wanted, confidence, inference.sigma)
        else:
            kept = kept_after_regression(boxes, labels, best, wanted, iou)
            decayed = probabilities[kept]
        chosen = voted(kept, boxes, labels, probabilities) if inference.voting else boxes[kept]
        reported = judged.reported(rows[kept], labels[kept])
    return {"boxes": chosen, "labels": labels[kept], "scores": decayed, "margins": reported}


def best_windows(windows: Floats, margins: Floats, floor: float, iou: float) -> tuple[Indices, Indices]:
    """Return the rows and the labels of the windows that are the best of their class where they are.

    Args:
        windows: float32 (N, 4).
        margins: float32 (N, K).
        floor: Only windows with more can be the best.
        iou: Of two windows that overlap by more, the better stays.

    Returns:
        int64 (M,) twice: class by class, inside a class best first, at most PER_CLASS of them.
    """
    rows, labels = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for label in range(margins.shape[1]):
        likely = np.flatnonzero(margins[:, label] > floor)
        best = likely[suppress(windows[likely], margins[likely, label], iou)][:PER_CLASS]
        rows.append(best)
        labels.append(np.full(len(best), label))
    return np.concatenate(rows), np.concatenate(labels)


def likely_windows(windows: Floats, margins: Floats, floor: float, iou: float) -> tuple[Indices, Indices]:
    """Return the rows and the labels of all windows above the floor, as `best_windows` does, at most CANDIDATES each.

    They overlap as they may: whatever the `iou`.
    """
    rows, labels = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for label in range(margins.shape[1]):
        likely = np.flatnonzero(margins[:, label] > floor)
        best = likely[np.argsort(-margins[likely, label], kind="stable")][:CANDIDATES]
        rows.append(best)
        labels.append(np.full(len(best), label))
    return np.concatenate(rows), np.concatenate(labels)


def kept_after_regression(
    boxes: Floats, labels: Indices, margins: Floats, wanted: npt.NDArray[np.bool_], iou: float
) -> Indices:
    """Return which of the moved boxes stay, best first: of those wanted and not empty, the best where they overlap."""
    kept = [np.zeros(0, np.int64)]
    for mine in _by_class(boxes, labels, wanted):
        kept.append(mine[suppress(boxes[mine], margins[mine], iou)][:PER_CLASS])
    found = np.concatenate(kept)
    return found[np.argsort(-margins[found], kind="stable")]


def kept_softly(
    boxes: Floats,
    labels: Indices,
    scores: Floats,
    wanted: npt.NDArray[np.bool_],
    confidence: float,
    sigma: float,
) -> tuple[Indices, Floats]:
    """Return which of the moved boxes stay, best first, and their scores; see `suppress_softly`."""
    kept, decayed = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
    for mine in _by_class(boxes, labels, wanted):
        taken, left = suppress_softly(boxes[mine], scores[mine], sigma=sigma, floor=confidence, limit=PER_CLASS)
        kept.append(mine[taken])
        decayed.append(left)
    order = np.argsort(-np.concatenate(decayed), kind="stable")
    return np.concatenate(kept)[order], np.concatenate(decayed)[order]


def voted(kept: Indices, boxes: Floats, labels: Indices, scores: Floats) -> Floats:
    """Return the boxes that stay, float32 (M, 4), as all boxes of their class vote, those that go, too; see `vote`."""
    chosen = boxes[kept]
    for label in np.unique(labels[kept]):
        mine, voters = labels[kept] == label, labels == label
        chosen[mine] = vote(chosen[mine], boxes[voters], scores[voters])
    return chosen


def _by_class(boxes: Floats, labels: Indices, wanted: npt.NDArray[np.bool_]) -> list[Indices]:
    """Return the numbers of the boxes that are wanted and not empty, class by class."""
    wanted = wanted & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    return [np.flatnonzero(wanted & (labels == label)) for label in np.unique(labels[wanted])]
