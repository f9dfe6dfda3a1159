"""What the best detections of a class are taken for (Hoiem, Chodpathumwan and Dai 2012, section 2).

Of a class with N objects the N best detections are looked at: a perfect detector has found them all by then. One that
is wrong is a mistake of localisation (it overlaps an object of its class by 0.1 to 0.5, or is a duplicate), else it is
on a similar class, on another one (either by an overlap of 0.1), or on background.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..scoring.metrics import Bools, Integers
from .pairs import Pairs, first_of_each

RIGHT, NEAR = 0.5, 0.1
KINDS = ("right", "localisation", "similar class", "other class", "background")
VEHICLES = {"aeroplane", "bicycle", "boat", "bus", "car", "motorbike", "train"}
ANIMALS = {"bird", "cat", "cow", "dog", "horse", "sheep", "person"}
GROUPS = (VEHICLES, ANIMALS, {"chair", "diningtable", "sofa"}, {"aeroplane", "bird"})  # as published, VOC's names


def similar_classes(classes: Sequence[str]) -> Bools:
    """Return which classes are similar, bool (K, K), by the published groups of VOC's classes; others are to none."""
    return np.array(
        [[a != b and any(a in group and b in group for group in GROUPS) for b in classes] for a in classes], np.bool_
    ).reshape(len(classes), len(classes))


def top_mistakes(pairs: Pairs, classes: Sequence[str]) -> Integers:
    """Return how many of the N best detections of every class are of every kind: int64 (K, 5), in order of `KINDS`."""
    found, same = pairs.found, pairs.same
    overlap, own = pairs.best(same)
    taken = np.where(overlap >= RIGHT, own, -1)
    right = first_of_each(taken)
    on_difficult = np.zeros(len(taken), np.bool_)
    on_difficult[taken >= 0] = pairs.objects.values[taken[taken >= 0]]
    similar = similar_classes(classes)[found.labels[pairs.takers], pairs.objects.labels[pairs.taken]]
    near_similar, _ = pairs.best(similar)
    near_other, _ = pairs.best(~same)
    kinds = np.select(
        [right, overlap >= NEAR, near_similar >= NEAR, near_other >= NEAR], range(len(KINDS) - 1), len(KINDS) - 1
    )
    counts: npt.NDArray[np.int64] = np.zeros((len(classes), len(KINDS)), np.int64)
    for label in range(len(classes)):
        number = np.count_nonzero((pairs.objects.labels == label) & ~pairs.objects.values)
        best = np.flatnonzero((found.labels == label) & ~on_difficult)[:number]
        counts[label] = np.bincount(kinds[best], minlength=len(KINDS))
    return counts
