"""Tests of boxes that are the mean of those around them."""

import numpy as np
import numpy.typing as npt
import pytest

from sppnet.detector.errors import InputError
from sppnet.detector.scoring.boxes import iou
from sppnet.detector.scoring.voting import vote
from tests.detector.scoring.test_boxes import NONE, boxes_of, random_boxes

BOX = boxes_of((0, 0, 10, 10))


def scores_of(*values: float) -> npt.NDArray[np.float32]:
    return np.array(values, np.float32)


def test_a_box_is_the_mean_of_those_around_it_by_their_scores() -> None:
    voted = vote(BOX, boxes_of((0, 0, 10, 10), (0, 0, 10, 6), (8, 0, 18, 10)), scores_of(0.75, 0.25, 0.9))

    np.testing.assert_allclose(voted, [[0, 0, 10, 9]])


def test_an_overlap_of_exactly_a_half_votes() -> None:
    np.testing.assert_allclose(vote(BOX, boxes_of((0, 0, 10, 10), (0, 0, 10, 5)), scores_of(1, 1)), [[0, 0, 10, 7.5]])


def test_many_boxes_vote_by_the_definition() -> None:
    boxes, voters = random_boxes(50, 0), np.concatenate([random_boxes(50, 0), random_boxes(400, 1)])
    scores = np.random.default_rng(2).uniform(0.1, 1, 450).astype(np.float32)

    weights = np.where(iou(boxes, voters) >= 0.5, scores, 0).astype(np.float64)
    expected = weights @ voters / weights.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(vote(boxes, voters, scores), expected, rtol=1e-5)


def test_a_box_alone_stays_exactly_where_it_is() -> None:
    boxes = random_boxes(1, 3)

    np.testing.assert_array_equal(vote(boxes, boxes, scores_of(1e-30)), boxes)


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_a_box_without_votes_stays_where_it_is(score: float) -> None:
    np.testing.assert_array_equal(vote(BOX, boxes_of((5, 0, 15, 10)), scores_of(score)), BOX)


def test_scores_of_zero_do_not_move_a_box() -> None:
    np.testing.assert_array_equal(vote(BOX, BOX - 1, scores_of(0)), BOX)


def test_boxes_without_area_have_no_vote_and_are_not_moved() -> None:
    empty = boxes_of((3, 3, 3, 9), (9, 9, 3, 3))

    np.testing.assert_array_equal(vote(empty, np.concatenate([empty, BOX]), scores_of(1, 1, 1)), empty)


def test_no_boxes_have_no_mean() -> None:
    assert vote(NONE, BOX, scores_of(1)).shape == (0, 4)
    np.testing.assert_array_equal(vote(BOX, NONE, scores_of()), BOX)


def test_the_boxes_given_are_left_as_they_are() -> None:
    given = BOX.copy()

    vote(given, BOX - 1, scores_of(1))

    np.testing.assert_array_equal(given, BOX)


@pytest.mark.parametrize("scores", [[1.0, np.nan], [1.0], [1.0, -0.1]])
def test_a_wrong_score_is_an_error(scores: list[float]) -> None:
    with pytest.raises(InputError, match="scores"):
        vote(BOX, random_boxes(2, 0), np.array(scores, np.float32))
