"""Calibration and thresholds: by hand, and against scikit-learn's curve and a search through all scores."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from sppnet.data.analysis.calibration import best_threshold, calibration
from sppnet.data.scoring.metrics import Judged


def judged(scores: list[float], hits: list[bool], objects: int) -> Judged:
    order = np.argsort(-np.array(scores), kind="stable")
    return Judged(
        np.zeros(len(scores), np.int64), np.array(scores)[order], np.array(hits, bool)[order], np.array([objects])
    )


def drawn() -> tuple[list[float], list[bool]]:
    random = np.random.default_rng(0)
    scores = random.random(500)
    return scores.tolist(), (random.random(500) < scores**2).tolist()


def test_the_curve_is_scikit_learns() -> None:
    scores, hits = drawn()

    result = calibration([judged(scores, hits, 300)])

    shares, means = calibration_curve(hits, scores, n_bins=10)
    assert result is not None
    np.testing.assert_allclose(result.precisions, shares)
    np.testing.assert_allclose(result.scores, means)
    assert result.error == pytest.approx((result.counts * abs(shares - means)).sum() / 500)


def test_scores_out_of_range_are_no_probabilities() -> None:
    assert calibration([judged([1.5], [True], 1)]) is None


def test_without_detections_nothing_is_known() -> None:
    result = calibration([judged([], [], 1)])

    assert result is not None and np.isnan(result.error) and best_threshold([judged([], [], 1)]) is None


def test_the_threshold_is_the_best_of_all_scores() -> None:
    scores, hits = np.array(drawn()[0]), np.array(drawn()[1])
    all_f1 = [2 * hits[scores >= score].sum() / ((scores >= score).sum() + 300) for score in scores]

    found = best_threshold([judged(*drawn(), 300)])

    assert found is not None
    shown = scores >= found.score
    assert found.f1 == pytest.approx(max(all_f1), abs=0.005)  # the score is rounded
    assert 2 * hits[shown].sum() / (shown.sum() + 300) == pytest.approx(found.f1)
    assert (found.precision, found.recall) == pytest.approx((hits[shown].mean(), hits[shown].sum() / 300))


def test_a_threshold_has_few_digits_and_lies_between_the_scores_it_tells_apart() -> None:
    found = best_threshold([judged([0.9, 0.8, 0.3], [True, True, False], 2)])

    assert found is not None and (found.score, found.f1) == (0.55, 1)


def test_a_score_that_rounds_above_all_that_is_right_is_not_rounded() -> None:
    found = best_threshold([judged([0.99996, 0.99995], [True, False], 1)])

    assert found is not None and (found.score, found.f1) == (0.99996, 1)


def test_equal_scores_are_shown_together() -> None:
    found = best_threshold([judged([0.5, 0.5, 0.5], [True, False, False], 1)])

    assert found is not None and (found.score, found.precision) == pytest.approx((0.25, 1 / 3))


def test_where_nothing_is_right_there_is_no_threshold() -> None:
    assert best_threshold([judged([0.9], [False], 3)]) is None
