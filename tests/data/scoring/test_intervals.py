"""Intervals of average precision, against images that are really drawn, and the confidence of the best F1."""

from typing import Any

import numpy as np
import pytest

from sppnet.data import average_precision, best_confidence, judged_detections, precision_intervals

from .test_metrics import Arrays, found, row, target


def noisy(images: int) -> tuple[list[Arrays], list[Arrays]]:
    """Return detections of two classes, right and wrong ones, some of equal scores, and the objects of each image."""
    random = np.random.default_rng(1)
    detections, targets = [], []
    for _ in range(images):
        count = int(random.integers(0, 4))
        labels = random.integers(0, 2, count).tolist()
        targets.append(target(row(count), [bool(flag) for flag in random.random(count) < 0.2] or None, labels or None))
        shown = random.random(4) < 0.7
        scores = (random.integers(1, 30, 4) / 30)[shown].tolist()
        boxes = [box for box, keep in zip(row(4), shown, strict=True) if keep]
        detections.append(found(boxes, scores, random.integers(0, 2, len(boxes)).tolist() or None))
    return detections, targets


def drawn_scores(detections: list[Arrays], targets: list[Arrays], resamples: int, seed: int) -> Any:
    """Return the average precision of the same draws, computed with the images repeated."""
    images = len(targets)
    draws = np.random.default_rng(seed).multinomial(images, np.full(images, 1 / images), size=resamples)
    rows = [np.repeat(np.arange(images), counts).tolist() for counts in draws]
    return np.array([average_precision([detections[n] for n in each], [targets[n] for n in each], 2) for each in rows])


def test_intervals_are_those_of_images_drawn_again_and_again() -> None:
    detections, targets = noisy(12)
    scores = drawn_scores(detections, targets, 40, seed=3)

    of_classes, of_mean = precision_intervals(judged_detections(detections, targets, 2), resamples=40, seed=3)

    np.testing.assert_allclose(of_classes, np.nanquantile(scores, [0.025, 0.975], axis=0).T, atol=1e-12)
    np.testing.assert_allclose(of_mean, np.quantile(np.nanmean(scores, axis=1), [0.025, 0.975]), atol=1e-12)


def test_perfect_detections_are_surely_perfect() -> None:
    targets = [target(row(2)) for _ in range(5)]
    judged = judged_detections([found(row(2), [0.9, 0.8]) for _ in range(5)], targets, 1)

    assert precision_intervals(judged)[1].tolist() == pytest.approx([1, 1])


def test_the_same_seed_gives_the_same_interval() -> None:
    judged = judged_detections(*noisy(12), 2)

    first, again, other = (precision_intervals(judged, resamples=50, seed=seed)[1].tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_a_class_without_objects_has_no_interval() -> None:
    of_classes, of_mean = precision_intervals(judged_detections([found(row(1), [0.9])], [target(row(1))], 2))

    assert np.isnan(of_classes[1]).all() and of_mean.tolist() == pytest.approx([1, 1])


def test_without_an_object_or_an_image_there_is_no_interval() -> None:
    assert np.isnan(precision_intervals(judged_detections([found([], [])], [target([])], 1))[1]).all()
    assert np.isnan(precision_intervals(judged_detections([], [], 1))[1]).all()


def test_the_best_confidence_keeps_what_is_right_and_drops_what_is_wrong() -> None:
    detections = [found(row(4), [0.9, 0.8, 0.3, 0.2])]  # of two objects, so the last two are false alarms

    confidence, figures = best_confidence(judged_detections(detections, [target(row(2))], 1))

    assert 0.3 < confidence <= 0.8 and confidence == pytest.approx(0.56, abs=0.01)  # the middle of 0.31 to 0.80
    assert figures == {"F1": 1.0, "precision": 1.0, "recall": 1.0}


def test_precision_and_recall_are_those_at_the_confidence() -> None:
    detections = [found(row(3), [0.9, 0.6, 0.5])]  # right, wrong (there is no second object there), right
    objects = [target([row(3)[0], row(3)[2], (200, 200, 210, 210)])]

    _, figures = best_confidence(judged_detections(detections, objects, 1))

    assert figures == pytest.approx({"F1": 2 * 2 / (3 + 3), "precision": 2 / 3, "recall": 2 / 3})


def test_where_nothing_is_right_there_is_no_confidence() -> None:
    judged = judged_detections([found([(50, 50, 60, 60)], [0.9])], [target(row(1))], 1)

    assert best_confidence(judged) == (0.0, {"F1": 0.0, "precision": 0.0, "recall": 0.0})
