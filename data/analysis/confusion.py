"""The confusion matrix of a detector: what its detections are, against the objects that they are on."""

from typing import NamedTuple

import numpy as np

from ..scoring.metrics import Integers
from .pairs import Pairs, matched

IOU = 0.5


class Confusion(NamedTuple):
    """What was found on which objects.

    Attributes:
        matrix: int64 (K + 1, K + 1), a row for each true class, a column for each found. The last row counts detections
            on no object of their own, doubles included, the last column objects without a detection.
        takers: int64 (P,), rows of the detections that took an object of another class, best first.
        taken: int64 (P,), rows of these objects.
    """

    matrix: Integers
    takers: Integers
    taken: Integers


def confusion(pairs: Pairs, classes: int, least_score: float) -> Confusion:
    """Return the confusion matrix of detections of at least such a score.

    A detection takes one object, and an object goes to one detection, that overlap by 0.5 or more: first those of one
    class, then those of different ones, larger overlaps first. Difficult objects are left out, and so are detections
    left over that overlap one.
    """
    found, objects = pairs.found, pairs.objects
    shown, ordinary = found.values >= least_score, ~objects.values
    near = (pairs.overlaps >= IOU) & shown[pairs.takers]
    candidates = np.flatnonzero(near & ~pairs.difficult)
    order = candidates[np.lexsort((-pairs.overlaps[candidates], ~pairs.same[candidates]))]
    partners = matched(pairs, order)
    excused = np.zeros(len(shown), np.bool_)
    excused[pairs.takers[near & pairs.difficult]] = True
    takers = np.flatnonzero(partners >= 0)
    alone = shown & (partners < 0) & ~excused
    unfound = ordinary.copy()
    unfound[partners[takers]] = False
    matrix = np.zeros((classes + 1, classes + 1), np.int64)
    np.add.at(matrix, (objects.labels[partners[takers]], found.labels[takers]), 1)
    matrix[classes, :classes] = np.bincount(found.labels[alone], minlength=classes)
    matrix[:classes, classes] = np.bincount(objects.labels[unfound], minlength=classes)
    wrong = takers[objects.labels[partners[takers]] != found.labels[takers]]
    return Confusion(matrix, wrong, partners[wrong])
