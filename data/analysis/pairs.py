"""Which detections overlap which objects: the pairs that all kinds of error are read from."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..scoring.metrics import Bools, Boxes, Floats, Images, Integers, flatten, pair_overlaps


class Pairs(NamedTuple):
    """The detections and objects of some images, and every pair of the two that overlaps, P of them.

    Attributes:
        found: The detections, N of them with the best scores first; values are scores.
        objects: The objects, M of them image by image; values tell which are difficult.
        takers: int64 (P,), rows of found, ascending.
        taken: int64 (P,), rows of objects, ascending for each detection.
        overlaps: float64 (P,), intersection over union, more than 0.
    """

    found: Boxes
    objects: Boxes
    takers: Integers
    taken: Integers
    overlaps: Floats

    @property
    def same(self) -> Bools:
        """Tell which pairs are of one class: bool (P,)."""
        return np.equal(self.found.labels[self.takers], self.objects.labels[self.taken])

    @property
    def difficult(self) -> Bools:
        """Tell which pairs are with a difficult object: bool (P,)."""
        flags: Bools = self.objects.values[self.taken]
        return flags

    def best(self, rows: Bools) -> tuple[Floats, Integers]:
        """Return for every detection its largest overlap among some pairs, and the object; 0 and -1 without one.

        Args:
            rows: bool (P,), the pairs that count.
        """
        overlaps, objects = np.zeros(len(self.found.labels)), np.full(len(self.found.labels), -1)
        chosen = np.flatnonzero(rows)
        order = chosen[np.lexsort((self.taken[chosen], -self.overlaps[chosen], self.takers[chosen]))]
        takers, first = np.unique(self.takers[order], return_index=True)
        overlaps[takers], objects[takers] = self.overlaps[order[first]], self.taken[order[first]]
        return overlaps, objects


def all_pairs(detections: Images, targets: Images, classes: int) -> Pairs:
    """Return the pairs of all images; arguments and errors are those of `average_precision`."""
    found, objects = flatten(detections, targets, classes)
    found = found.select(np.argsort(-found.values, kind="stable"))
    starts = np.searchsorted(objects.images, found.images)
    counts = np.searchsorted(objects.images, found.images, side="right") - starts
    takers = np.repeat(np.arange(len(starts)), counts)
    taken = np.arange(len(takers)) + np.repeat(starts - np.cumsum(counts) + counts, counts)
    overlaps = pair_overlaps(found.boxes[takers], objects.boxes[taken])
    rows = overlaps > 0
    return Pairs(found, objects, takers[rows], taken[rows], overlaps[rows])


def matched(pairs: Pairs, order: Sequence[int] | Integers) -> Integers:
    """Return the object of every detection, -1 for none, int64 (N,): pairs are taken in order, each side once."""
    objects = np.full(len(pairs.found.labels), -1)
    free = np.ones(len(pairs.objects.labels), np.bool_)
    for taker, taken in zip(pairs.takers[order].tolist(), pairs.taken[order].tolist(), strict=True):
        if objects[taker] < 0 and free[taken]:
            objects[taker] = taken
            free[taken] = False
    return objects


def first_of_each(values: Integers) -> Bools:
    """Return which of some numbers stand there for the first time, negative ones left out."""
    first = np.zeros(len(values), np.bool_)
    first[np.unique(values, return_index=True)[1]] = True
    return np.asarray(first & (values >= 0))
