"""Tests of windows becoming detections, on vectors made by hand."""

from typing import Any

import numpy as np
import numpy.typing as npt

from sppnet.detector.pooling.settings import View
from sppnet.detector.pooling.vectors import Rectangles, StoredVectors, WindowVectors
from sppnet.detector.scoring.calibration import Calibration
from sppnet.detector.scoring.detection import WindowScorer
from sppnet.detector.scoring.picking import PER_CLASS

Floats = npt.NDArray[np.float32]
SIZE = (100, 200)


def scorer(offset: tuple[float, float, float, float] = (0, 0, 0, 0)) -> WindowScorer:
    """Two classes whose margins are the two values of a vector, and whose windows all move by one offset."""
    zeros = np.zeros((2, 4, 2), np.float32)
    return WindowScorer(np.eye(2, dtype=np.float32), np.zeros(2, np.float32), zeros,
                            np.array([offset, offset], np.float32), Calibration(1.0, 0.0))  # fmt: skip


def detect(margins: list[list[float]], windows: list[list[float]], **options: Any) -> dict[str, Floats]:
    boxes = np.array(windows, np.float32).reshape(-1, 4)
    return scorer().detect(vectors_of(margins), boxes, SIZE, **options)


def vectors_of(values: list[list[float]]) -> WindowVectors:
    """Windows whose vectors are the given pairs: each is pooled from one cell of a map two channels deep."""
    pairs = np.array(values, np.float32).reshape(1, -1, 2)
    count = pairs.shape[1]
    cells = np.array([[number, 0, number + 1, 1] for number in range(count)], np.int32).reshape(-1, 4)
    return WindowVectors((View((1,)),), {"map": pairs}, (Rectangles(("map",), (cells,)),), np.arange(count), width=2)


def test_detections_come_best_first_with_calibrated_scores() -> None:
    found = detect([[1, -5], [-5, 2]], [[0, 0, 10, 10], [50, 50, 80, 80]])

    assert found["labels"].tolist() == [1, 0]
    np.testing.assert_array_equal(found["boxes"], [[50, 50, 80, 80], [0, 0, 10, 10]])
    np.testing.assert_allclose(found["scores"], 1 / (1 + np.exp([-2, -1])), rtol=1e-6)
    np.testing.assert_array_equal(found["margins"], [2, 1])


def test_overlapping_windows_of_a_class_leave_the_best() -> None:
    found = detect([[1, -5], [3, -5]], [[0, 0, 10, 10], [1, 0, 11, 10]])

    np.testing.assert_array_equal(found["boxes"], [[1, 0, 11, 10]])


def test_classes_do_not_suppress_each_other() -> None:
    found = detect([[1, 1]], [[0, 0, 10, 10]])

    assert found["labels"].tolist() == [0, 1]


def test_windows_that_are_surely_background_are_left_out() -> None:
    assert len(detect([[-1.2, -1.0]], [[0, 0, 10, 10]])["boxes"]) == 1


def test_the_confidence_is_the_least_score() -> None:
    found = detect([[1, -5], [-0.5, -5]], [[0, 0, 10, 10], [50, 50, 80, 80]], confidence=0.5)

    np.testing.assert_array_equal(found["margins"], [1])


def test_boxes_are_moved_and_stay_inside_the_image() -> None:
    window = np.array([[150, 0, 190, 40]], np.float32)

    found = scorer((0.5, 0, 0, 0)).detect(vectors_of([[1, 1]]), window, SIZE)

    np.testing.assert_allclose(found["boxes"], [[170, 0, 200, 40]] * 2)


def test_a_box_moved_out_of_the_image_is_dropped() -> None:
    window = np.array([[150, 0, 190, 40]], np.float32)

    found = scorer((9, 0, 0, 0)).detect(vectors_of([[1, 1]]), window, SIZE)

    assert len(found["boxes"]) == 0


def test_boxes_that_regression_brought_together_are_suppressed_again() -> None:
    weights = np.zeros((2, 4, 2), np.float32)
    weights[0, 0] = [-0.25, 0]  # the better window moves left by half its width, the other by a quarter
    judge = WindowScorer(
        np.eye(2, dtype=np.float32), np.zeros(2, np.float32), weights, np.zeros((2, 4), np.float32), Calibration()
    )

    found = judge.detect(vectors_of([[2, -5], [1, -5]]), np.array([[30, 0, 50, 20], [19, 0, 39, 20]], np.float32), SIZE)

    np.testing.assert_allclose(found["boxes"], [[20, 0, 40, 20]])


def test_offsets_are_those_of_the_class_of_each_window() -> None:
    weights = np.zeros((2, 4, 2), np.float32)
    weights[1, 0] = [1, 10]
    judge = WindowScorer(
        np.eye(2, dtype=np.float32), np.zeros(2, np.float32), weights, np.full((2, 4), 0.5, np.float32), Calibration()
    )

    offsets = judge.offsets(vectors_of([[2, 3], [4, 5]]), np.array([1, 1, 0]), np.array([0, 1, 1]))

    np.testing.assert_allclose(offsets, [[0.5] * 4, [54.5, 0.5, 0.5, 0.5], [32.5, 0.5, 0.5, 0.5]])


def test_margins_of_a_softmax_are_log_odds_without_the_background() -> None:
    judge = WindowScorer(
        np.array([[0, 0], [1, 0], [0, 1]], np.float32),
        np.zeros(3, np.float32),
        np.zeros((2, 4, 2), np.float32),
        np.zeros((2, 4), np.float32),
        Calibration(),
        softmax=True,
    )

    margins = judge.margins(vectors_of([[np.log(2), np.log(3)]]))  # probabilities 1/6, 2/6 and 3/6

    np.testing.assert_allclose(margins, [[-np.log(2), 0]], atol=1e-6)


def test_no_windows_give_no_detections() -> None:
    found = detect([], [])

    assert found["boxes"].shape == (0, 4) and found["labels"].dtype == np.int64 and found["scores"].shape == (0,)


def test_a_class_is_limited_to_its_best_detections() -> None:
    lefts = np.arange(PER_CLASS + 5) * 1.5
    windows = np.stack([lefts, lefts * 0, lefts + 1, lefts * 0 + 1], axis=1).tolist()

    found = detect([[margin, -5] for margin in range(len(windows))], windows)

    np.testing.assert_array_equal(found["margins"], np.arange(PER_CLASS + 4, 4, -1))


def softmax_of(scores: list[list[float]]) -> dict[str, Any]:
    """Return what is detected of windows apart from each other whose vectors are the scores before the softmax."""
    vectors = np.array(scores, np.float32).reshape(-1, 3)
    lefts = 30 * np.arange(len(vectors), dtype=np.float32)
    windows = np.stack([lefts, 0 * lefts, lefts + 20, 0 * lefts + 20], axis=1)
    scorer = WindowScorer(
        np.eye(3, dtype=np.float32),
        np.zeros(3, np.float32),
        np.zeros((2, 4, 3), np.float32),
        np.zeros((2, 4), np.float32),
        Calibration(1.0, 0.0),
        softmax=True,
    )
    return scorer.detect(StoredVectors(vectors), windows, (100, 1000))


def test_the_margins_of_a_softmax_are_the_log_odds_of_its_classes() -> None:
    found = softmax_of([[0, np.log(2), -20]])  # probabilities 1/3 for the background, 2/3 for the first class

    assert found["labels"].tolist() == [0]
    np.testing.assert_allclose(found["margins"], [np.log(2)], rtol=1e-5)


def test_the_scores_of_a_softmax_are_its_probabilities() -> None:
    found = softmax_of([[0, 1, 2], [3, 0.5, 0]])

    powers = np.exp(np.array([[0, 1, 2], [3, 0.5, 0]]))
    expected = (powers / powers.sum(axis=1, keepdims=True))[:, 1:]
    np.testing.assert_allclose(found["scores"], np.sort(expected.flatten())[::-1], rtol=1e-5)


def test_classes_without_a_chance_are_not_detected() -> None:
    assert softmax_of([[0, -4.1, -20]])["labels"].shape == (0,)  # the floor of the log-odds is -4


def test_sure_windows_are_still_told_apart() -> None:
    found = softmax_of([[0, 20, 0], [0, 21, 0]])

    np.testing.assert_allclose(found["margins"], [21 - np.log(2), 20 - np.log(2)], rtol=1e-5)


def test_large_scores_do_not_overflow() -> None:
    assert np.isfinite(softmax_of([[0, 1000, 0], [-1000, 0, 1000]])["margins"]).all()


def test_no_windows_have_no_softmax() -> None:
    assert softmax_of([])["margins"].shape == (0,)


def with_softmax(*columns: int) -> WindowScorer:
    """A softmax whose scores before it are these values of a vector of four, the background's first."""
    weights = np.eye(4, dtype=np.float32)[list(columns)]
    count = len(columns) - 1
    still = np.zeros((count, 4, 4), np.float32), np.zeros((count, 4), np.float32)
    return WindowScorer(weights, np.zeros(count + 1, np.float32), *still, Calibration(1.0, 0.0), softmax=True)


def learned(column: int, calibration: Calibration) -> WindowScorer:
    """A class whose margin is twice this value of a vector of four."""
    weights = 2 * np.eye(4, dtype=np.float32)[[column]]
    still = np.zeros((1, 4, 4), np.float32), np.ones((1, 4), np.float32)
    return WindowScorer(weights, np.zeros(1, np.float32), *still, calibration)


VECTORS = StoredVectors(np.random.default_rng(0).normal(0, 2, (9, 4)).astype(np.float32))


def test_further_classes_leave_the_others_and_bring_their_own_scores() -> None:
    own, calibration = with_softmax(0, 1, 2), Calibration(slope=3.0, offset=-1.0)

    more = own.with_further(learned(3, calibration))

    margins = more.margins(VECTORS)
    np.testing.assert_array_equal(margins[:, :2], own.margins(VECTORS))
    wanted = 1 / (1 + np.exp(-(3 * 2 * VECTORS.vectors[:, 3] - 1)))
    np.testing.assert_allclose(own.calibration.scores(margins[:, 2]), wanted, rtol=1e-5)
    assert (more.further, more.background) == (1, 1) and more.offset_biases[2].tolist() == [1, 1, 1, 1]


def test_a_further_class_of_the_same_calibration_is_taken_as_it_is() -> None:
    first = learned(0, Calibration(3.0, 1.0))

    both = first.with_further(learned(1, Calibration(3.0, 1.0)))

    np.testing.assert_array_equal(both.weights, 2 * np.eye(4)[:2])
    np.testing.assert_array_equal(both.biases, [0, 0])
    assert both.further == 0 == both.background


def test_what_a_removed_class_of_a_softmax_is_likely_of_becomes_background() -> None:
    whole = with_softmax(0, 1, 2, 3)

    for label in range(3):
        fewer = whole.without(label)
        np.testing.assert_allclose(
            fewer.margins(VECTORS), np.delete(whole.margins(VECTORS), label, axis=1), rtol=1e-5, atol=1e-6
        )
        assert (fewer.background, len(fewer.offset_biases)) == (2, 2)


def test_classes_can_be_removed_and_added_in_any_order() -> None:
    whole = with_softmax(0, 1, 2).with_further(learned(3, Calibration())).without(1).without(0)

    assert (whole.background, whole.further) == (3, 1)
    np.testing.assert_array_equal(
        whole.margins(VECTORS), with_softmax(0, 1, 2).with_further(learned(3, Calibration())).margins(VECTORS)[:, 2:]
    )
    alone = with_softmax(0, 1, 2).with_further(learned(3, Calibration())).without(2)
    np.testing.assert_array_equal(alone.margins(VECTORS), with_softmax(0, 1, 2).margins(VECTORS))
    assert alone.further == 0


def test_a_removed_svm_is_gone() -> None:
    both = learned(0, Calibration()).with_further(learned(1, Calibration()))

    left = both.without(0)

    np.testing.assert_array_equal(left.weights, 2 * np.eye(4)[1:2])
    assert left.offset_weights.shape == (1, 4, 4) and left.background == 0
