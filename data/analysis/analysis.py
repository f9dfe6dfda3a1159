"""All that a report tells about detections, from the detections and the truth alone."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..scoring.metrics import Bools, Floats, Images, Integers, Judged, judged_detections
from .calibration import Calibration, Threshold, best_threshold, calibration
from .confusion import Confusion, confusion
from .hoiem import similar_classes, top_mistakes
from .pairs import Pairs, all_pairs
from .slices import Slice, slices
from .sureness import Sureness, scored
from .tide import Tide, tide


class Analysis(NamedTuple):
    """What is known of some detections; M objects, N detections, K classes.

    Attributes:
        classes: Class names in label order.
        images: Number of images.
        judged: The detections of every class that count, best first, and which of them are right by VOC's rule.
        sureness: Scores by every metric, with intervals.
        pairs: Detections, objects, and which overlap.
        tide: Kinds of error and what they cost.
        mistakes: int64 (K, 5), the best detections of every class by what they are taken for; see `top_mistakes`.
        similar: bool (K, K), which classes are similar.
        confusion: The confusion matrix at the threshold of all classes together; all detections where there is none.
        calibration: Whether scores are probabilities; None where they are not from 0 to 1.
        thresholds: For every class the score from which on it is best shown, None where no detection of it is right.
        threshold: The same for all classes together.
        slices: Results by size, aspect and number of objects.
        covered: float64 (M,), the best overlap of a window with every object, 0 for difficult ones; None where windows
            are unknown.
    """

    classes: Sequence[str]
    images: int
    judged: list[Judged]
    sureness: Sureness
    pairs: Pairs
    tide: Tide
    mistakes: Integers
    similar: Bools
    confusion: Confusion
    calibration: Calibration | None
    thresholds: list[Threshold | None]
    threshold: Threshold | None
    slices: list[Slice]
    covered: Floats | None


def analyse(
    detections: Images, targets: Images, classes: Sequence[str], best_windows: Floats | None = None, *, seed: int = 0
) -> Analysis:
    """Return all that is known of detections.

    Args:
        detections: As `average_precision` takes them.
        targets: Likewise.
        classes: Class names in label order; at least one.
        best_windows: The best overlap of a window with every ordinary object, image by image, as `object_overlaps`
            finds it; None where windows are unknown.
        seed: Decides which images the bootstrap draws.

    Raises:
        DataError: As `average_precision`.
    """
    count = len(classes)
    judged = judged_detections(detections, targets, count)
    pairs = all_pairs(detections, targets, count)
    covered = None
    if best_windows is not None:
        covered = np.zeros(len(pairs.objects.labels))
        covered[~pairs.objects.values] = best_windows
    threshold = best_threshold(judged)
    return Analysis(
        classes=classes,
        images=len(targets),
        judged=judged,
        sureness=scored(detections, targets, classes, judged, seed=seed),
        pairs=pairs,
        tide=tide(pairs, count),
        mistakes=top_mistakes(pairs, classes),
        similar=similar_classes(classes),
        confusion=confusion(pairs, count, threshold.score if threshold else -np.inf),
        calibration=calibration(judged),
        thresholds=[best_threshold([each]) for each in judged],
        threshold=threshold,
        slices=slices(pairs, count, covered),
        covered=covered,
    )
