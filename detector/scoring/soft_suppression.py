"""Soft suppression: scores decay where better boxes are (Bodla et al. 2017, equation 5, Gaussian).

Suppression drops a box beside a better one, and with it the second of two objects that stand close. Here it stays, with
a lower score.
"""

import numba
import numpy as np

from ..errors import InputError
from ..types import Floats, Indices
from .boxes import areas, checked_boxes


def suppress_softly(
    boxes: Floats, scores: Floats, *, sigma: float = 0.5, floor: float = 0.0, limit: int = 100
) -> tuple[Indices, Floats]:
    """Return the indices of the boxes that stay, best first, and their scores after the decay.

    The best box is taken, the scores of all others are multiplied by exp(-overlap^2 / sigma), and so on. Of equal
    scores the lower index is the better.

    Args:
        boxes: float32 (N, 4).
        scores: float32 (N,), 0 to 1.
        sigma: The larger, the less scores decay. The default is the paper's.
        floor: Boxes whose score falls below are dropped.
        limit: How many boxes are taken at most.

    Returns:
        int64 (M,) and float32 (M,), which does not rise; M = 0 for N = 0.

    Raises:
        InputError: If a box is not finite, a score is negative or NaN, or the shapes do not fit.
    """
    boxes, scores = checked_boxes("boxes", boxes), np.asarray(scores, np.float32)
    if scores.shape != (len(boxes),) or not (scores >= 0).all():
        raise InputError(f"scores must be of shape ({len(boxes)},), not negative and without NaN, not {scores.shape}")
    taken = np.empty(min(limit, len(boxes)), np.int64)
    left = scores.copy()
    count = _take(np.ascontiguousarray(boxes), areas(boxes), left, taken, float(sigma), float(floor))
    return taken[:count], left[taken[:count]]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _take(boxes: Floats, areas: Floats, scores: Floats, taken: Indices, sigma: float, floor: float) -> int:
    """Write the indices of the boxes that are taken, in turn; leave in scores what they had then; return how many."""
    there = np.ones(len(boxes), np.bool_)
    for count in range(len(taken)):
        best = -1
        for box in range(len(boxes)):
            if there[box] and (best < 0 or scores[box] > scores[best]):
                best = box
        if scores[best] < floor:
            return count
        taken[count] = best
        there[best] = False
        for box in range(len(boxes)):
            width = min(boxes[best, 2], boxes[box, 2]) - max(boxes[best, 0], boxes[box, 0])
            height = min(boxes[best, 3], boxes[box, 3]) - max(boxes[best, 1], boxes[box, 1])
            if there[box] and width > 0 and height > 0:
                shared = width * height
                overlap = shared / (areas[best] + areas[box] - shared)
                scores[box] *= np.exp(-overlap * overlap / sigma)
    return len(taken)
