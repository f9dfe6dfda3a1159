"""Tests of margins as probabilities."""

import numpy as np
import pytest

from sppnet.detector.scoring.calibration import Calibration, fit_calibration, right_detections


def test_the_default_has_even_odds_at_the_decision_border() -> None:
    np.testing.assert_allclose(Calibration().scores(np.array([0], np.float32)), [0.5])


def test_extreme_margins_give_0_and_1_without_warnings() -> None:
    scores = Calibration().scores(np.array([-1e9, 1e9], np.float32))

    np.testing.assert_allclose(scores, [0, 1], atol=1e-6)


def test_the_sigmoid_that_made_the_data_is_found() -> None:
    random = np.random.default_rng(0)
    margins = random.normal(0, 1, 20_000).astype(np.float32)
    right = random.random(20_000) < Calibration(3.0, -1.0).scores(margins)

    fitted = fit_calibration(margins, right)

    np.testing.assert_allclose([fitted.slope, fitted.offset], [3.0, -1.0], atol=0.15)


@pytest.mark.parametrize("least", [0.9, -0.9])
def test_few_right_or_wrong_detections_keep_the_default(least: float) -> None:
    margins = np.linspace(-1, 1, 50, dtype=np.float32)

    assert fit_calibration(margins, margins > least) == Calibration()


def test_no_detections_keep_the_default() -> None:
    assert fit_calibration(np.zeros(0, np.float32), np.zeros(0, np.bool_)) == Calibration()


def test_scores_never_fall_with_the_margin() -> None:
    margins = np.linspace(-1, 1, 100, dtype=np.float32)

    assert fit_calibration(margins, margins < 0) == Calibration()


def test_an_object_is_hit_once_by_the_best_of_its_class() -> None:
    box = [0, 0, 10, 10]
    boxes = np.array([box, box, box, [50, 50, 60, 60]], np.float32)
    labels = np.array([1, 0, 0, 0])

    right = right_detections(boxes, labels, np.array([box], np.float32), np.array([0]))

    assert right.tolist() == [False, True, False, False]


def test_without_objects_nothing_is_right() -> None:
    boxes, none = np.ones((2, 4), np.float32), np.zeros((0, 4), np.float32)

    right = right_detections(boxes, np.zeros(2, np.int64), none, np.zeros(0, np.int64))

    assert right.tolist() == [False, False]
