"""Every metric's score, with the interval that the bootstrap gives its mean."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from ..scores import METRICS, named
from ..scoring.coco_metrics import coco_evaluation
from ..scoring.intervals import RESAMPLES, drawn_precisions, middle_of_means, precision_intervals
from ..scoring.metrics import Floats, Images, Judged

VOC_RULES: tuple[Literal["voc07", "voc12"], ...] = ("voc07", "voc12")


class Sureness(NamedTuple):
    """Scores and how sure they are.

    Attributes:
        scores: For every metric what its function in `METRICS` returns.
        intervals: For every metric the two ends between which its mean lies in 95 of 100 draws; NaN without objects.
        of_classes: For each metric of VOC the ends for every class, float64 (K, 2).
    """

    scores: dict[str, dict[str, Any]]
    intervals: dict[str, Floats]
    of_classes: dict[str, Floats]


def scored(
    detections: Images,
    targets: Images,
    classes: Sequence[str],
    judged: Sequence[Judged],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Sureness:
    """Return the scores by every metric.

    Args:
        detections: As `average_precision` takes them.
        targets: Likewise.
        classes: Class names in label order.
        judged: What `judged_detections` makes of the detections.
        resamples: How often images are drawn.
        seed: Decides which images are drawn.
    """
    scores: dict[str, dict[str, Any]] = {}
    intervals: dict[str, Floats] = {}
    of_classes: dict[str, Floats] = {}
    for rule in VOC_RULES:
        scores[rule] = METRICS[rule](detections, targets, classes)
        of_classes[rule], intervals[rule] = precision_intervals(judged, rule=rule, resamples=resamples, seed=seed)
    figures, by_overlap = coco_evaluation(detections, targets, len(classes))
    scores["coco"] = named(figures)
    drawn = [drawn_precisions(each, rule="coco", resamples=resamples, seed=seed) for each in by_overlap]
    intervals["coco"] = middle_of_means(np.concatenate(drawn))
    return Sureness(scores, intervals, of_classes)
