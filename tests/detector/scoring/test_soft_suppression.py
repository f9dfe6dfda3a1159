"""Tests of scores that decay where better boxes are."""

import numpy as np
import numpy.typing as npt
import pytest

from sppnet.detector.errors import InputError
from sppnet.detector.scoring.boxes import iou
from sppnet.detector.scoring.soft_suppression import suppress_softly
from tests.detector.scoring.test_boxes import NONE, boxes_of, random_boxes

Floats = npt.NDArray[np.float32]
HALF = boxes_of((0, 0, 10, 10), (0, 0, 10, 5), (20, 0, 30, 10))


def scores_of(*values: float) -> Floats:
    return np.array(values, np.float32)


def reference(boxes: Floats, scores: Floats, sigma: float) -> tuple[list[int], list[float]]:
    """Return what stays by the definition, in float64."""
    overlaps, left, taken = iou(boxes, boxes).astype(np.float64), scores.astype(np.float64), list[int]()
    while len(taken) < len(boxes):
        taken.append(int(np.argmax(np.where(np.isin(np.arange(len(boxes)), taken), -1, left))))
        others = ~np.isin(np.arange(len(boxes)), taken)
        left[others] *= np.exp(-(overlaps[taken[-1], others] ** 2) / sigma)
    return taken, left[taken].tolist()


def test_a_box_half_covered_by_a_better_one_keeps_what_the_gaussian_leaves() -> None:
    kept, left = suppress_softly(HALF, scores_of(0.9, 0.8, 0.7), sigma=0.5)

    assert kept.tolist() == [0, 2, 1]
    np.testing.assert_allclose(left, [0.9, 0.7, 0.8 * np.exp(-0.5)], rtol=1e-6)


@pytest.mark.parametrize("sigma", [0.1, 0.5, 2.0])
def test_many_boxes_decay_by_the_definition(sigma: float) -> None:
    boxes, scores = random_boxes(60, 2), np.random.default_rng(3).uniform(0.1, 1, 60).astype(np.float32)

    kept, left = suppress_softly(boxes, scores, sigma=sigma)

    expected, expected_left = reference(boxes, scores, sigma)
    assert kept.tolist() == expected
    np.testing.assert_allclose(left, expected_left, rtol=1e-4)


def test_scores_do_not_rise() -> None:
    _, left = suppress_softly(random_boxes(200, 0), np.random.default_rng(1).uniform(0, 1, 200).astype(np.float32))

    assert (np.diff(left) <= 0).all() and len(left) == 100


def test_a_score_that_decays_below_the_floor_is_dropped() -> None:
    kept, left = suppress_softly(HALF, scores_of(0.9, 0.8, 0.7), floor=0.5)

    assert kept.tolist() == [0, 2] and (left >= 0.5).all()


def test_a_score_at_the_floor_stays() -> None:
    kept, _ = suppress_softly(HALF[:1], scores_of(0.5), floor=0.5)

    assert kept.tolist() == [0]


def test_the_best_are_taken_up_to_the_limit() -> None:
    kept, _ = suppress_softly(HALF, scores_of(0.1, 0.3, 0.2), limit=2)

    assert kept.tolist() == [1, 2]


def test_of_equal_scores_the_first_box_is_the_better() -> None:
    kept, left = suppress_softly(HALF[[0, 0, 2]], scores_of(0.5, 0.5, 0.5))

    assert kept.tolist() == [0, 2, 1]
    np.testing.assert_allclose(left, [0.5, 0.5, 0.5 * np.exp(-2)], rtol=1e-6)


def test_one_box_keeps_its_score() -> None:
    kept, left = suppress_softly(HALF[:1], scores_of(0.25))

    assert (kept.tolist(), left.tolist()) == ([0], [0.25])


def test_boxes_without_area_neither_decay_nor_make_decay() -> None:
    _, left = suppress_softly(boxes_of((3, 3, 3, 9), (3, 3, 3, 9), (9, 9, 3, 3), (0, 0, 10, 10)), scores_of(*[0.5] * 4))

    assert left.tolist() == [0.5] * 4


def test_no_boxes_leave_no_boxes() -> None:
    kept, left = suppress_softly(NONE, scores_of())

    assert kept.shape == left.shape == (0,)
    assert kept.dtype == np.int64 and left.dtype == np.float32


def test_the_scores_given_are_left_as_they_are() -> None:
    given = scores_of(0.9, 0.8, 0.7)

    suppress_softly(HALF, given)

    np.testing.assert_array_equal(given, scores_of(0.9, 0.8, 0.7))


@pytest.mark.parametrize("scores", [[1.0, np.nan], [1.0], [1.0, -0.1]])
def test_a_wrong_score_is_an_error(scores: list[float]) -> None:
    with pytest.raises(InputError, match="scores"):
        suppress_softly(random_boxes(2, 0), np.array(scores, np.float32))
