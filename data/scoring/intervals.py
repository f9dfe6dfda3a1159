"""How sure a score is: average precision on images drawn again and again (the bootstrap, Efron 1979).

Another set of images would have given another score. How far that may be off is seen by drawing as many images with
replacement from those there are. Images are drawn and not detections, since the objects of one image are alike.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .metrics import Judged

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

RESAMPLES = 1000
LIKELY = 0.95  # how often an interval holds the score of all images of the kind
CONFIDENCES = np.arange(1, 100) / 100


def precision_intervals(
    judged: Sequence[Judged], *, resamples: int = RESAMPLES, likely: float = LIKELY, seed: int = 0
) -> tuple[Floats, Floats]:
    """Return between which values VOC07's average precision lies, of every class and of their mean.

    Few images give intervals that are too narrow: they hold few of the ways in which images can differ.

    Args:
        judged: What `judged_detections` returns of the images, a class each; at least one.
        resamples: How often images are drawn.
        likely: Share of the scores that an interval holds, the middle ones.
        seed: Decides which images are drawn.

    Returns:
        float64 (classes, 2) and (2,), lower and upper end; NaN for what no draw has an object of.
    """
    images = len(judged[0].objects)
    if not images:
        return np.full((len(judged), 2), np.nan), np.full(2, np.nan)
    draws = np.random.default_rng(seed).multinomial(images, np.full(images, 1 / images), size=resamples)
    scores = np.array([[_drawn_precision(each, counts) for each in judged] for counts in draws])
    known = ~np.isnan(scores)
    means = np.where(known, scores, 0).sum(axis=1) / np.where(known.any(axis=1), known.sum(axis=1), np.nan)
    return np.array([_middle(column, likely) for column in scores.T]), _middle(means, likely)


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


def _drawn_precision(judged: Judged, counts: Integers) -> float:
    """Return VOC07's average precision where every image is there so many times."""
    objects = int(counts @ judged.objects)
    if not objects:
        return np.nan
    times = counts[judged.images]
    hits = np.cumsum(times * judged.hits)
    precisions = hits / np.maximum(1, np.cumsum(times))
    best_from_here = np.maximum.accumulate(precisions[::-1])[::-1]
    reached = np.searchsorted(10 * hits, objects * np.arange(11))
    return float(best_from_here[reached[reached < len(hits)]].sum()) / 11


def _middle(values: Floats, likely: float) -> Floats:
    """Return the ends of the middle part of some values, NaN without any."""
    known = values[~np.isnan(values)]
    return np.quantile(known, [(1 - likely) / 2, (1 + likely) / 2]) if len(known) else np.full(2, np.nan)
