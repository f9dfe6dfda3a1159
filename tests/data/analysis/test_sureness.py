"""Scores of every metric are those of the table of metrics, and lie in their intervals."""

import numpy as np
import pytest

from sppnet.data import METRICS, judged_detections
from sppnet.data.analysis.sureness import scored

from .drawn import CLASSES, noisy


def test_scores_are_the_metrics_and_lie_in_their_intervals() -> None:
    detections, targets = noisy()

    result = scored(detections, targets, CLASSES, judged_detections(detections, targets, 3), resamples=200)

    assert result.scores == {name: metric(detections, targets, CLASSES) for name, metric in METRICS.items()}
    assert all(low < result.scores[name]["mAP"] < high for name, (low, high) in result.intervals.items())


def test_the_interval_of_coco_is_that_of_images_drawn_again_and_again() -> None:
    detections, targets = noisy(6)
    draws = np.random.default_rng(5).multinomial(6, np.full(6, 1 / 6), size=8)
    rows = [np.repeat(np.arange(6), counts).tolist() for counts in draws]
    drawn = [
        METRICS["coco"]([detections[n] for n in each], [targets[n] for n in each], CLASSES)["mAP"] for each in rows
    ]

    result = scored(detections, targets, CLASSES, judged_detections(detections, targets, 3), resamples=8, seed=5)

    assert result.intervals["coco"].tolist() == pytest.approx(np.quantile(drawn, [0.025, 0.975]).tolist(), abs=2e-3)


def test_without_objects_there_are_no_scores() -> None:
    detections, targets = noisy(3)
    for each in targets:
        each["difficult"][:] = True

    result = scored(detections, targets, CLASSES, judged_detections(detections, targets, 3), resamples=5)

    assert all(np.isnan(ends).all() for ends in result.intervals.values())
