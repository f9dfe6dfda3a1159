"""How sure a score is: average precision on images drawn again and again (the bootstrap, Efron 1979).

Another set of images would have given another score. How far that may be off is seen by drawing as many images with
replacement from those there are. Images are drawn and not detections, since the objects of one image are alike.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from .metrics import Judged

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Rule = Literal["voc07", "voc12", "coco"]

RESAMPLES = 1000
LIKELY = 0.95  # how often an interval holds the score of all images of the kind
POINTS = {"voc07": 10, "coco": 100}  # parts of the recall, at whose ends precisions are read
AT_ONCE, ROWS = 250, 1000  # draws and hits that are in memory together
CONFIDENCES = np.arange(1, 100) / 100


def precision_intervals(
    judged: Sequence[Judged],
    *,
    rule: Rule = "voc07",
    resamples: int = RESAMPLES,
    likely: float = LIKELY,
    seed: int = 0,
) -> tuple[Floats, Floats]:
    """Return between which values average precision lies, of every class and of their mean.

    Few images give intervals that are too narrow: they hold few of the ways in which images can differ.

    Args:
        judged: What `judged_detections` returns of the images, a class each; at least one.
        rule: How precisions are averaged: "voc07" and "voc12" as `average_precision` does, "coco" at 101 recalls.
        resamples: How often images are drawn.
        likely: Share of the scores that an interval holds, the middle ones.
        seed: Decides which images are drawn.

    Returns:
        float64 (classes, 2) and (2,), lower and upper end; NaN for what no draw has an object of.
    """
    scores = drawn_precisions(judged, rule=rule, resamples=resamples, seed=seed)
    return np.array([_middle(column, likely) for column in scores]), middle_of_means(scores, likely)


def drawn_precisions(judged: Sequence[Judged], *, rule: Rule, resamples: int, seed: int) -> Floats:
    """Return the average precision of every class in every draw, float64 (classes, resamples); NaN without objects.

    The same number of images, resamples and seed give the same draws.
    """
    images = len(judged[0].objects)
    if not images:
        return np.full((len(judged), resamples), np.nan)
    draws = np.random.default_rng(seed).multinomial(images, np.full(images, 1 / images), size=resamples)
    times = np.array_split(draws.T.astype(np.float32), max(1, resamples // AT_ONCE), axis=1)
    return np.array([np.concatenate([_drawn_precision(each, some, rule) for some in times]) for each in judged])


def middle_of_means(scores: Floats, likely: float = LIKELY) -> Floats:
    """Return the ends of the middle part of the means over the first axis, those without a number left out."""
    known = ~np.isnan(scores)
    means = np.where(known, scores, 0).sum(axis=0) / np.where(known.any(axis=0), known.sum(axis=0), np.nan)
    return _middle(means, likely)


def best_confidence(judged: Sequence[Judged]) -> tuple[float, dict[str, float]]:
    """Return the least score with which detections are best, by F1 over all classes together, and how good they are.

    F1 is the harmonic mean of precision and recall. Of confidences that are equally good it is the middle one.

    Args:
        judged: What `judged_detections` returns, a class each.

    Returns:
        The confidence in hundredths, and {"F1", "precision", "recall"} there; all 0 where nothing is right.
    """
    scores = np.concatenate([each.scores for each in judged])
    right = np.sort(np.concatenate([each.scores[each.hits] for each in judged]))
    objects = sum(int(each.objects.sum()) for each in judged)
    shown = len(scores) - np.searchsorted(np.sort(scores), CONFIDENCES)
    hits = len(right) - np.searchsorted(right, CONFIDENCES)
    f1 = 2 * hits / np.maximum(1, shown + objects)
    best = np.flatnonzero(f1 == f1.max())
    place = int(best[len(best) // 2])
    if not hits[place]:
        return 0.0, {"F1": 0.0, "precision": 0.0, "recall": 0.0}
    precision, recall = hits[place] / shown[place], hits[place] / objects
    figures = {"F1": float(f1[place]), "precision": float(precision), "recall": float(recall)}
    return float(CONFIDENCES[place]), figures


def _drawn_precision(judged: Judged, times: npt.NDArray[np.float32], rule: Rule) -> Floats:
    """Return the average precision where every image is there so many times, (images, draws): float64 (draws,).

    Precision counts at hits only: between them it falls, and behind the last of them recall grows no more.
    """
    objects = (judged.objects @ times.astype(np.float64)).round()
    places = np.flatnonzero(judged.hits)
    if not len(places):
        return np.where(objects, 0.0, np.nan)
    hits = np.cumsum(times[judged.images[places]], axis=0, dtype=np.float64)
    precisions = hits / np.maximum(1, _shown(judged.images, places, times))
    best_from_here = np.maximum.accumulate(precisions[::-1])[::-1]
    recalls = hits / np.maximum(1, objects)
    if rule == "voc12":
        average = (np.diff(recalls, axis=0, prepend=0) * best_from_here).sum(axis=0)
    else:  # at recall 0 there is a point, too
        points = POINTS[rule]
        passed = np.diff(np.floor(points * hits / np.maximum(1, objects)), axis=0, prepend=0)
        average = ((passed * best_from_here).sum(axis=0) + best_from_here[0]) / (points + 1)
    return np.where(objects, average, np.nan)


def _shown(images: Integers, places: Integers, times: npt.NDArray[np.float32]) -> Floats:
    """Return how many detections there are up to each of these places, the place included: float64 (places, draws).

    How many of each image lie between two places makes a matrix, so that a product adds up all draws at once.
    """
    parts, start = [], 0
    for first in range(0, len(places), ROWS):
        last = places[first : first + ROWS]
        between = np.searchsorted(last, np.arange(start, last[-1] + 1))
        cells = between * len(times) + images[start : last[-1] + 1]
        counts = np.bincount(cells, minlength=len(last) * len(times)).reshape(len(last), -1)
        parts.append(counts.astype(np.float32) @ times)
        start = last[-1] + 1
    return np.cumsum(np.concatenate(parts), axis=0, dtype=np.float64)


def _middle(values: Floats, likely: float) -> Floats:
    """Return the ends of the middle part of some values, NaN without any."""
    known = values[~np.isnan(values)]
    return np.quantile(known, [(1 - likely) / 2, (1 + likely) / 2]) if len(known) else np.full(2, np.nan)
