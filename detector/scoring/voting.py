"""Box voting: a detection's box is the mean of the boxes around it, by their scores (Gidaris and Komodakis 2015).

Suppression keeps the best of many boxes of one object, and forgets what the others say of where it ends.
"""

import numba
import numpy as np

from ..errors import InputError
from ..types import Floats
from .boxes import areas, checked_boxes

LEAST_OVERLAP = 0.5  # of a box with those that have a say in it; the paper's


def vote(boxes: Floats, voters: Floats, scores: Floats, *, least_iou: float = LEAST_OVERLAP) -> Floats:
    """Return every box as the mean of the voters that overlap it, weighted by their scores.

    A box that no voter of a positive score overlaps stays as it is.

    Args:
        boxes: float32 (M, 4).
        voters: float32 (N, 4), all boxes of the class; usually those above are among them.
        scores: float32 (N,), of the voters, not negative.
        least_iou: Overlap, above 0 to 1, from which a voter counts.

    Returns:
        float32 (M, 4).

    Raises:
        InputError: If a box is not finite, a score is negative or NaN, or the shapes do not fit.
    """
    boxes, voters = checked_boxes("boxes", boxes), checked_boxes("voters", voters)
    scores = np.asarray(scores, np.float32)
    if scores.shape != (len(voters),) or not (scores >= 0).all():
        raise InputError(f"scores must be of shape ({len(voters)},), not negative and without NaN, not {scores.shape}")
    voted = boxes.copy()
    _mean(voted, areas(boxes), np.ascontiguousarray(voters), areas(voters), scores, float(least_iou))
    return voted


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _mean(
    boxes: Floats, box_areas: Floats, voters: Floats, voter_areas: Floats, scores: Floats, least_iou: float
) -> None:
    """Write the means over the boxes, summed in float64."""
    sides = np.empty(4, np.float64)
    for box in range(len(boxes)):
        sides[:] = 0
        weight = 0.0
        for voter in range(len(voters)):
            width = min(boxes[box, 2], voters[voter, 2]) - max(boxes[box, 0], voters[voter, 0])
            height = min(boxes[box, 3], voters[voter, 3]) - max(boxes[box, 1], voters[voter, 1])
            if width > 0 and height > 0:
                shared = width * height
                if shared / (box_areas[box] + voter_areas[voter] - shared) >= least_iou:
                    score = np.float64(scores[voter])
                    weight += score
                    for side in range(4):
                        sides[side] += score * voters[voter, side]
        if weight > 0:
            for side in range(4):
                boxes[box, side] = sides[side] / weight
