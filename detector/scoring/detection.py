"""From the vectors of windows to detections: SVM margins, box regression, calibrated scores.

He et al. 2015, section 4.1, with the release's margins above a floor (test_net).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..pooling.vectors import Vectors
from ..timing import Stopwatch
from ..types import Floats, Indices
from .calibration import Calibration
from .picking import pick

MARGIN_FLOOR = -1.1  # windows below are background beyond doubt (the release keeps down to -1.5)
LOG_ODDS_FLOOR = -4.0  # the same for a softmax: a probability of 0.018
MIRRORED = np.array([-1, 1, 1, 1], np.float32)  # a shift to the right is one to the left in the mirror image


@dataclass(frozen=True)
class WindowScorer:
    """What training finds out about windows.

    Attributes:
        weights: float32 (K, D), the SVMs' weights for vectors as they are pooled.
        biases: float32 (K,).
        offset_weights: float32 (K, 4, D), of the offsets that move a window onto an object of each class.
        offset_biases: float32 (K, 4).
        calibration: Turns margins into scores.
        softmax: Whether weights (B + K, D) and biases are those of a softmax, the background's B rows first: one of its
            own, and those of classes that were removed. Its margins are the logarithms of the odds p / (1 - p).
        further: How many of the classes, the last ones, have SVMs beside the softmax.
    """

    weights: Floats
    biases: Floats
    offset_weights: Floats
    offset_biases: Floats
    calibration: Calibration
    softmax: bool = False
    further: int = 0

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
        return pick(
            windows,
            self.opinion(vectors, clock=clock),
            image_size,
            floor=self.floor,
            scores=self.calibration.scores,
            confidence=confidence,
            iou=iou,
            clock=clock,
        )

    def opinion(self, *vectors: Vectors, clock: Stopwatch | None = None) -> "Opinion":
        """Return what is thought of windows.

        Args:
            vectors: Of the windows; and of their mirror images in the mirror image, if that counts, too.
            clock: Counts the time of the stages.
        """
        margins, *mirrored = (self.margins(some, clock) for some in vectors)
        return Opinion(self, vectors, (margins + mirrored[0]) * np.float32(0.5) if mirrored else margins)

    @property
    def floor(self) -> float:
        """The margin below which a window is background beyond doubt."""
        return LOG_ODDS_FLOOR if self.softmax else MARGIN_FLOOR

    def margins(self, vectors: Vectors, clock: Stopwatch | None = None) -> Floats:
        """Return the margin of every window for every class: float32 (N, K)."""
        margins = vectors.margins(self.weights, self.biases, clock)
        if not self.softmax:
            return margins
        shared = margins.shape[1] - self.further
        odds = _log_odds(margins[:, :shared])[:, self.background :]
        return np.hstack([odds, margins[:, shared:]]) if self.further else odds

    @property
    def background(self) -> int:
        """How many rows of the weights, the first ones, are background."""
        return len(self.weights) - len(self.offset_weights)

    def with_further(self, learned: "WindowScorer") -> "WindowScorer":
        """Return the same with the SVMs and regressors of further classes after its own, which stay as they are.

        Their margins are moved and stretched so that this calibration makes of them what theirs would: scores mean the
        same for all classes.
        """
        own, other = self.calibration, learned.calibration
        slope = np.float32(other.slope / own.slope)
        shift = np.float32((other.offset - own.offset) / own.slope)
        return replace(
            self,
            weights=np.concatenate([self.weights, slope * learned.weights]),
            biases=np.concatenate([self.biases, slope * learned.biases + shift]),
            offset_weights=np.concatenate([self.offset_weights, learned.offset_weights]),
            offset_biases=np.concatenate([self.offset_biases, learned.offset_biases]),
            further=self.further + len(learned.biases) if self.softmax else 0,
        )

    def without(self, label: int) -> "WindowScorer":
        """Return the same without a class, given by its label.

        The others of a softmax keep their scores: what it holds likely of the class counts as background from now on.
        """
        row, rows = self.background + label, np.arange(len(self.weights))
        others = rows[rows != row]
        further = self.softmax and row >= len(rows) - self.further
        if self.softmax and not further:
            others = np.concatenate([rows[row : row + 1], others])
        return replace(
            self,
            weights=np.ascontiguousarray(self.weights[others]),
            biases=self.biases[others],
            offset_weights=np.delete(self.offset_weights, label, axis=0),
            offset_biases=np.delete(self.offset_biases, label, axis=0),
            further=self.further - further,
        )

    def offsets(self, vectors: Vectors, rows: Indices, labels: Indices) -> Floats:
        """Return the offsets that move windows, given by number, onto an object of one class each: float32 (M, 4)."""
        if not self.offset_weights.any():
            return np.asarray(self.offset_biases[labels], np.float32)
        distinct, place = np.unique(rows, return_inverse=True)
        weights, biases = self.offset_weights.reshape(-1, self.offset_weights.shape[2]), self.offset_biases.reshape(-1)
        # Of all classes, because pooling a window again for each of its own costs more.
        offsets = vectors.take(distinct).margins(weights, biases).reshape(len(distinct), len(self.offset_biases), 4)
        return np.asarray(offsets[place, labels], np.float32)


@dataclass(frozen=True)
class Opinion:
    """What a model makes of an image's windows, as `pick` wants it.

    Attributes:
        scorer: The model's.
        vectors: Of the N windows; and of their mirror images in the mirror image, if that counts, too.
        margins: float32 (N, K).
    """

    scorer: WindowScorer
    vectors: tuple[Vectors, ...]
    margins: Floats

    def offsets(self, rows: Indices, labels: Indices) -> Floats:
        """Return the offsets of windows, given by number, for one class each: float32 (M, 4)."""
        offsets, *mirrored = (self.scorer.offsets(some, rows, labels) for some in self.vectors)
        return (offsets + mirrored[0] * MIRRORED) * np.float32(0.5) if mirrored else offsets

    def reported(self, rows: Indices, labels: Indices) -> Floats:
        """Return the margins of windows, given by number, for one class each: float32 (M,)."""
        return np.asarray(self.margins[rows, labels], np.float32)


def _log_odds(scores: Floats) -> Floats:
    """Return log(p / (1 - p)) of every class, background too, from what goes into the softmax: float32 (N, K)."""
    # In float64, and from the sum of the others, or all that is nearly sure would be equally sure.
    powers = np.exp(scores.astype(np.float64) - scores.max(axis=1, keepdims=True))
    sums = np.stack([np.delete(powers, k, axis=1).sum(axis=1) for k in range(powers.shape[1])], axis=1)
    odds = np.log(np.maximum(powers, 1e-300)) - np.log(np.maximum(sums, 1e-300))
    return np.asarray(odds, np.float32)
