"""Kinds of error and what mending each would gain (TIDE, Bolya et al. 2020).

A detection that is not right has one kind, the first that fits: localisation, it overlaps an object of its class by
0.1 to 0.5; class, it overlaps one of another class by 0.5 or more; duplicate, its object has a better detection;
background, it overlaps nothing by more than 0.1; both, the rest: class and place are wrong. An object is missed if no
detection is right on it, and none would be by mending class or place. Difficult objects are left out, as are detections
on one of their class.

What a kind costs is how much average precision (area, at an overlap of 0.5, mean over classes) grows if an oracle mends
it alone: wrong classes and places are put right, once for each object; other detections are deleted; missed objects are
no longer asked for. As in TIDE's program a detection goes to the best object that is still free, as in COCO's rules.
"""

from typing import NamedTuple

import numpy as np

from ..scoring.metrics import Bools, Floats, Integers, area_precision
from .pairs import Pairs, matched

RIGHT, BACKGROUND_IOU = 0.5, 0.1
KINDS = ("class", "localisation", "both", "duplicate", "background", "missed")
CLASS, LOCALISATION, BOTH, DUPLICATE, BACKGROUND, MISSED = range(len(KINDS))
CORRECT, LEFT_OUT = -1, -2


class Tide(NamedTuple):
    """Kinds of error, and gains in mean average precision.

    Attributes:
        kinds: int64 (N,), of every detection: number of its kind in `KINDS`, CORRECT or LEFT_OUT.
        partners: int64 (N,), the object that a detection is right or wrong about: the one it found, or overlaps but by
            too little, calls by another name, or doubles; -1 without one.
        unfound: bool (M,), ordinary objects that no detection is right on.
        missed: bool (M,), those of them that mending no detection would find.
        precision: Mean average precision as it is; NaN without objects.
        counts: How many errors there are of every kind.
        gains: By how much mending every kind alone would raise the precision, 0 at least.
        gain_of_silence: The same for all false alarms together: precision is 1 then, recall as it is.
        gain_of_sight: The same for all objects not found: they are no longer asked for.
    """

    kinds: Integers
    partners: Integers
    unfound: Bools
    missed: Bools
    precision: float
    counts: dict[str, int]
    gains: dict[str, float]
    gain_of_silence: float
    gain_of_sight: float


def tide(pairs: Pairs, classes: int) -> Tide:
    """Return the kinds of error among some detections, and what they cost."""
    ordinary = ~pairs.objects.values
    kinds, partners = _kinds(pairs)
    found = np.zeros(len(ordinary), np.bool_)
    found[partners[kinds == CORRECT]] = True
    unfound = ordinary & ~found
    mendable = _mendable(kinds, partners, unfound)
    missed = unfound.copy()
    missed[partners[mendable]] = False
    sums = np.bincount(pairs.objects.labels[ordinary], minlength=classes)
    counts = {name: int(np.count_nonzero(kinds == kind)) for kind, name in enumerate(KINDS)}
    counts["missed"] = int(np.count_nonzero(missed))

    def precision(labels: Integers, right: Bools, rows: Bools, objects: Integers = sums) -> float:
        return _mean_precision(labels[rows], right[rows], objects, sums > 0)

    labels, right, counted = pairs.found.labels, kinds == CORRECT, kinds != LEFT_OUT
    now = precision(labels, right, counted)
    mended = {}
    for kind, name in enumerate(KINDS[:MISSED]):
        put_right = mendable & (kinds == kind)
        names = np.where(put_right, pairs.objects.labels[partners], labels) if len(ordinary) else labels
        mended[name] = precision(names, right | put_right, counted & ((kinds != kind) | put_right))
    asked = [sums - np.bincount(pairs.objects.labels[rows], minlength=classes) for rows in (missed, unfound)]
    mended["missed"] = precision(labels, right, counted, asked[0])
    return Tide(
        kinds,
        partners,
        unfound,
        missed,
        now,
        counts,
        {name: max(0.0, value - now) for name, value in mended.items()},
        precision(labels, right, right) - now,
        precision(labels, right, counted, asked[1]) - now,
    )


def _kinds(pairs: Pairs) -> tuple[Integers, Integers]:
    """Return the kind of every detection and the object that it is about."""
    same, difficult = pairs.same, pairs.difficult
    candidates = np.flatnonzero(same & ~difficult & (pairs.overlaps >= RIGHT))
    order = np.lexsort((pairs.taken[candidates], -pairs.overlaps[candidates], pairs.takers[candidates]))
    partners = matched(pairs, candidates[order])
    own_overlap, own = pairs.best(same & ~difficult)
    other_overlap, other = pairs.best(~same & ~difficult)
    difficult_overlap, _ = pairs.best(same & difficult)
    tests = (
        (partners >= 0, CORRECT, partners),
        (difficult_overlap >= RIGHT, LEFT_OUT, np.full_like(own, -1)),
        ((own_overlap >= BACKGROUND_IOU) & (own_overlap <= RIGHT), LOCALISATION, own),
        (other_overlap >= RIGHT, CLASS, other),
        (own_overlap >= RIGHT, DUPLICATE, own),
        (np.maximum(own_overlap, other_overlap) <= BACKGROUND_IOU, BACKGROUND, np.full_like(own, -1)),
    )
    fits = [test for test, _, _ in tests]
    kinds = np.select(fits, [np.full_like(own, kind) for _, kind, _ in tests], BOTH)
    return kinds, np.select(fits, [about for _, _, about in tests], np.where(own >= 0, own, other))


def _mendable(kinds: Integers, partners: Integers, unfound: Bools) -> Bools:
    """Return which detections would be right with another class or place: of each object not found the best one."""
    rows = np.flatnonzero(np.isin(kinds, (CLASS, LOCALISATION)))
    rows = rows[unfound[partners[rows]]]
    mendable = np.zeros(len(kinds), np.bool_)
    mendable[rows[np.unique(partners[rows], return_index=True)[1]]] = True
    return mendable


def _mean_precision(labels: Integers, right: Bools, objects: Integers, classes: Bools) -> float:
    """Return the mean over these classes; one whose objects are no longer asked for counts 0."""
    values: Floats = np.array(
        [
            area_precision(np.cumsum(right[labels == label]), int(objects[label])) if objects[label] else 0.0
            for label in np.flatnonzero(classes)
        ]
    )
    return float(values.mean()) if len(values) else np.nan
