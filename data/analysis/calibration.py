"""Whether scores are probabilities, and the score from which on a class is best shown."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..scoring.metrics import Floats, Integers, Judged

BINS = 10


class Calibration(NamedTuple):
    """How often detections are right, against their scores (a reliability diagram, DeGroot and Fienberg 1983).

    Attributes:
        counts: int64 (10,), detections of a score from 0 to 0.1, and so on.
        scores: float64 (10,), their mean scores, NaN where there are none.
        precisions: float64 (10,), the share of them that is right, NaN where there are none.
        error: The expected calibration error: how far the two lie apart, averaged over detections; NaN without any.
    """

    counts: Integers
    scores: Floats
    precisions: Floats
    error: float


class Threshold(NamedTuple):
    """The score from which on detections are best, by F1, the harmonic mean of precision and recall.

    Attributes:
        score: Between the lowest that is to be shown and the next one, in three digits at most.
        f1: What it is there; 0 where no detection is right.
        precision: Share of the detections shown that is right.
        recall: Share of the objects that is found.
    """

    score: float
    f1: float
    precision: float
    recall: float


def calibration(judged: Sequence[Judged]) -> Calibration | None:
    """Return how well scores tell how often detections are right; None if a score is not from 0 to 1."""
    scores = np.concatenate([np.zeros(0), *(each.scores for each in judged)])
    hits = np.concatenate([np.zeros(0, np.bool_), *(each.hits for each in judged)])
    if ((scores < 0) | (scores > 1)).any():
        return None
    bins = np.minimum((scores * BINS).astype(np.int64), BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    known = np.where(counts, counts, np.nan)
    means, shares = (np.bincount(bins, values, minlength=BINS) / known for values in (scores, hits))
    error = np.nansum(counts * np.abs(means - shares)) / len(scores) if len(scores) else np.nan
    return Calibration(counts, means, shares, float(error))


def best_threshold(judged: Sequence[Judged]) -> Threshold | None:
    """Return the best threshold for the detections of one or several classes; None if none of them is right.

    Of scores that are equally good it is the highest, which shows the fewest detections. What it comes to is told as it
    is at the rounded score.
    """
    scores = np.concatenate([np.zeros(0), *(each.scores for each in judged)])
    hits = np.concatenate([np.zeros(0, np.bool_), *(each.hits for each in judged)])
    objects = sum(int(each.objects.sum()) for each in judged)
    order = np.argsort(-scores, kind="stable")
    scores, right = scores[order], np.cumsum(hits[order])
    if not len(right) or not right[-1]:
        return None
    shown = np.arange(1, len(right) + 1)
    last = np.append(scores[1:] < scores[:-1], True)  # of equal scores all are shown, or none
    f1 = np.where(last, 2 * right / (shown + objects), -1)
    place = int(f1.argmax())
    lower = scores[place + 1] if place + 1 < len(scores) else _below(float(scores[place]))
    score = _short_between(float(lower), float(scores[place]))
    number = int(np.count_nonzero(scores >= score))
    if not number or not right[number - 1]:  # rounded up, above all that is right
        score, number = float(scores[place]), place + 1
    hits = right[number - 1]
    return Threshold(score, float(2 * hits / (number + objects)), float(hits / number), float(hits / objects))


def _below(score: float) -> float:
    """Return what the threshold of detections that are all shown is to lie above."""
    return 0.0 if score > 0 else score - 1


def _short_between(lower: float, upper: float) -> float:
    """Return the middle of two numbers in two digits if that lies between them, else in three."""
    middle = (lower + upper) / 2
    short, long = float(f"{middle:.2g}"), float(f"{middle:.3g}")
    return short if lower < short <= upper else long
