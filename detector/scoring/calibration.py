"""Margins into probabilities that a detection is right, by a sigmoid (Platt 1999).

One sigmoid serves all classes: their SVMs share features, costs and scale, and rare classes have too few objects for
one of their own.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .boxes import iou

LEAST_RIGHT = 10  # with fewer right detections than this the default sigmoid is the better guess


@dataclass(frozen=True)
class Calibration:
    """score = 1 / (1 + exp(-(slope * margin + offset))), rising with the margin. The default has 0.5 at margin 0."""

    slope: float = 2.0
    offset: float = 0.0

    def scores(self, margins: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the scores, float32 from 0 to 1."""
        return np.asarray(1 / (1 + np.exp(-np.clip(self.slope * margins + self.offset, -80, 80))), np.float32)


def fit_calibration(margins: npt.NDArray[np.float32], right: npt.NDArray[np.bool_]) -> Calibration:
    """Return the sigmoid under which detections that were not trained on are most likely.

    Args:
        margins: float32 (N,).
        right: bool (N,), which detections hit an object.

    Returns:
        The default where there are too few right or wrong detections, or the margins do not tell them apart.
    """
    if min(right.sum(), (~right).sum()) < LEAST_RIGHT:
        return Calibration()
    from sklearn.linear_model import LogisticRegression  # takes a second to import

    fitted = LogisticRegression(C=100.0).fit(margins[:, None].astype(np.float64), right)
    slope, offset = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    return Calibration(slope, offset) if slope > 0 else Calibration()


def right_detections(
    boxes: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int64],
    objects: npt.NDArray[np.float32],
    object_labels: npt.NDArray[np.int64],
    least_iou: float = 0.5,
) -> npt.NDArray[np.bool_]:
    """Return which detections, best first, hit an object of their class that no better one has hit: bool (N,)."""
    right = np.zeros(len(boxes), np.bool_)
    overlaps = np.where(labels[:, None] == object_labels, iou(boxes, objects), 0)
    taken = np.zeros(len(objects), np.bool_)
    for number, row in enumerate(overlaps):
        nearest = int(row.argmax()) if len(row) else -1
        if nearest >= 0 and row[nearest] >= least_iou and not taken[nearest]:
            right[number] = taken[nearest] = True
    return right
