"""From the vectors of windows to detections: SVM margins, suppression, box regression, calibrated scores.

He et al. 2015, section 4.1, with the constants of the release (test_net: margins above a floor, 100 per class).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..pooling.vectors import Vectors
from ..timing import Stopwatch
from ..types import Floats, Indices
from .boxes import clip, decode, suppress
from .calibration import Calibration

MARGIN_FLOOR = -1.1  # windows below are background beyond doubt (the release keeps down to -1.5)
LOG_ODDS_FLOOR = -4.0  # the same for a softmax: a probability of 0.018
PER_CLASS = 100  # detections of one class in one image


@dataclass(frozen=True)
class WindowScorer:
    """What training finds out about windows.

    Attributes:
        weights: float32 (K, D), the SVMs' weights for vectors as they are pooled.
        biases: float32 (K,).
        offset_weights: float32 (K, 4, D), of the offsets that move a window onto an object of each class.
        offset_biases: float32 (K, 4).
        calibration: Turns margins into scores.
        softmax: Whether weights (K + 1, D) and biases are those of a softmax, the background's first. Its margins are
            the logarithms of the odds p / (1 - p).
    """

    weights: Floats
    biases: Floats
    offset_weights: Floats
    offset_biases: Floats
    calibration: Calibration
    softmax: bool = False

    def detect(
        self,
        vectors: Vectors,
        windows: Floats,
        image_size: tuple[int, ...],
        *,
        confidence: float = 0.0,
        iou: float = 0.3,
        clock: Stopwatch | None = None,
    ) -> dict[str, Any]:
        """Return the detections among an image's windows, best first.

        Args:
            vectors: Of the N windows.
            windows: float32 (N, 4).
            image_size: Height and width of the image.
            confidence: Least score of a detection.
            iou: Of two detections of a class that overlap by more, the better stays.
            clock: Counts the time of the stages.

        Returns:
            "boxes" float32 (M, 4) inside the image, "labels" int64 (M,), "scores" and "margins" float32 (M,).
        """
        clock = clock or Stopwatch()
        found, _ = pick(
            windows,
            self.margins(vectors, clock),
            image_size,
            floor=self.floor,
            offsets=lambda rows, labels: self.offsets(vectors, rows, labels),
            scores=self.calibration.scores,
            confidence=confidence,
            iou=iou,
            clock=clock,
        )
        return found

    @property
    def floor(self) -> float:
        """The margin below which a window is background beyond doubt."""
        return LOG_ODDS_FLOOR if self.softmax else MARGIN_FLOOR

    def margins(self, vectors: Vectors, clock: Stopwatch | None = None) -> Floats:
        """Return the margin of every window for every class: float32 (N, K)."""
        margins = vectors.margins(self.weights, self.biases, clock)
        return _log_odds(margins) if self.softmax else margins

    def offsets(self, vectors: Vectors, rows: Indices, labels: Indices) -> Floats:
        """Return the offsets that move windows, given by number, onto an object of one class each: float32 (M, 4)."""
        if not self.offset_weights.any():
            return np.asarray(self.offset_biases[labels], np.float32)
        distinct, place = np.unique(rows, return_inverse=True)
        weights, biases = self.offset_weights.reshape(-1, self.offset_weights.shape[2]), self.offset_biases.reshape(-1)
        # Of all classes, because pooling a window again for each of its own costs more.
        offsets = (
            vectors.take(distinct).margins(weights, biases).reshape(len(distinct), len(self.biases) - self.softmax, 4)
        )
        return np.asarray(offsets[place, labels], np.float32)


def pick(
    windows: Floats,
    margins: Floats,
    image_size: tuple[int, ...],
    *,
    floor: float,
    offsets: Callable[[Indices, Indices], Floats],
    scores: Callable[[Floats], Floats],
    confidence: float,
    iou: float,
    clock: Stopwatch,
) -> tuple[dict[str, Any], Indices]:
    """Return the detections among an image's windows, best first, and which windows they were.

    Args:
        windows: float32 (N, 4).
        margins: float32 (N, K), by which windows of a class are compared.
        image_size: Height and width of the image.
        floor: Only windows with more can be detections.
        offsets: Makes float32 (M, 4) of M windows, given by number, and their labels.
        scores: Makes scores, float32 (M,), of margins.
        confidence: Least score of a detection.
        iou: Of two detections of a class that overlap by more, the better stays.
        clock: Counts the time of the stages.

    Returns:
        "boxes" float32 (M, 4) inside the image, "labels" int64 (M,), "scores" and "margins" float32 (M,); and int64
        (M,), the numbers of the windows.
    """
    with clock("suppression"):
        rows, labels = best_windows(windows, margins, floor, iou)
    with clock("regression"):
        boxes = clip(decode(windows[rows], offsets(rows, labels)), *image_size[:2])
    with clock("suppression"):
        best = margins[rows, labels]
        probabilities = scores(best)
        kept = kept_after_regression(boxes, labels, best, probabilities >= confidence, iou)
    found = {"boxes": boxes[kept], "labels": labels[kept], "scores": probabilities[kept], "margins": best[kept]}
    return found, rows[kept]


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


def kept_after_regression(
    boxes: Floats, labels: Indices, margins: Floats, wanted: npt.NDArray[np.bool_], iou: float
) -> Indices:
    """Return which of the moved boxes stay, best first: of those wanted and not empty, the best where they overlap."""
    wanted = wanted & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    kept = [np.zeros(0, np.int64)]
    for label in np.unique(labels[wanted]):
        mine = np.flatnonzero(wanted & (labels == label))
        kept.append(mine[suppress(boxes[mine], margins[mine], iou)])
    found = np.concatenate(kept)
    return found[np.argsort(-margins[found], kind="stable")]


def _log_odds(scores: Floats) -> Floats:
    """Return log(p / (1 - p)) of every class from what goes into the softmax, float32 (N, K) of (N, K + 1)."""
    # In float64, and from the sum of the others, or all that is nearly sure would be equally sure.
    powers = np.exp(scores.astype(np.float64) - scores.max(axis=1, keepdims=True))
    sums = np.stack([np.delete(powers, k, axis=1).sum(axis=1) for k in range(powers.shape[1])], axis=1)
    odds = np.log(np.maximum(powers, 1e-300)) - np.log(np.maximum(sums, 1e-300))
    return np.asarray(odds[:, 1:], np.float32)
