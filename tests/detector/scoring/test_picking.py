"""Tests of what inference adds to suppression and regression, on margins and offsets made by hand."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from sppnet.detector.scoring.calibration import Calibration
from sppnet.detector.scoring.inference import Inference
from sppnet.detector.scoring.picking import CANDIDATES, PER_CLASS, likely_windows, pick
from sppnet.detector.timing import Stopwatch

Floats = npt.NDArray[np.float32]
SCORES = Calibration(1.0, 0.0).scores
PAIR: list[list[float]] = [[0, 0, 10, 10], [0, 0, 10, 6], [20, 0, 30, 10]]
OPTIONS = [{"soft": True}, {"voting": True}, {"soft": True, "voting": True}]


@dataclass
class Given:
    """What is thought of windows, given: all are moved by one offset."""

    margins: Floats
    offset: tuple[float, float, float, float] = (0, 0, 0, 0)

    def offsets(self, rows: npt.NDArray[np.int64], labels: npt.NDArray[np.int64]) -> Floats:
        return np.tile(np.array(self.offset, np.float32), (len(rows), 1))

    def reported(self, rows: npt.NDArray[np.int64], labels: npt.NDArray[np.int64]) -> Floats:
        return np.asarray(self.margins[rows, labels], np.float32)


def picked(
    windows: list[list[float]],
    margins: list[list[float]],
    *,
    offset: tuple[float, float, float, float] = (0, 0, 0, 0),
    confidence: float = 0.0,
    **settings: Any,
) -> dict[str, Any]:
    boxes, values = np.array(windows, np.float32).reshape(-1, 4), np.array(margins, np.float32).reshape(-1, 2)
    return pick(
        boxes,
        Given(values, offset),
        (100, 200),
        floor=-1.1,
        scores=SCORES,
        confidence=confidence,
        iou=0.3,
        clock=Stopwatch(),
        inference=Inference(**settings),
    )


def scores_of(*margins: float) -> Floats:
    return SCORES(np.array(margins, np.float32))


def test_a_box_beside_a_better_one_stays_with_a_lower_score() -> None:
    found = picked(PAIR, [[2, -5], [1, -5], [0, -5]], soft=True, sigma=0.5)

    np.testing.assert_array_equal(found["boxes"], np.array(PAIR)[[0, 2, 1]])
    np.testing.assert_allclose(found["scores"], scores_of(2, 0, 1) * [1, 1, np.exp(-0.72)], rtol=1e-6)


def test_decayed_scores_keep_their_margins() -> None:
    found = picked(PAIR, [[2, -5], [1, -5], [0, -5]], soft=True)

    np.testing.assert_array_equal(found["margins"], [2, 0, 1])


def test_scores_of_other_classes_do_not_decay() -> None:
    found = picked(PAIR[:1], [[2, 1]], soft=True)

    np.testing.assert_allclose(found["scores"], scores_of(2, 1))
    assert found["labels"].tolist() == [0, 1]


def test_a_score_that_decays_below_the_confidence_is_no_detection() -> None:
    found = picked(PAIR, [[2, -5], [1, -5], [0, -5]], soft=True, confidence=0.45)

    np.testing.assert_array_equal(found["boxes"], np.array(PAIR)[[0, 2]])


def test_a_box_that_stays_is_the_mean_of_those_that_go_and_itself() -> None:
    found = picked(PAIR, [[1, -5], [1, -5], [0, -5]], voting=True)

    np.testing.assert_allclose(found["boxes"], [[0, 0, 10, 8], [20, 0, 30, 10]])
    np.testing.assert_array_equal(found["margins"], [1, 0])


def test_boxes_of_another_class_do_not_vote() -> None:
    found = picked(PAIR[:2], [[1, -5], [-5, 0]], voting=True)

    np.testing.assert_array_equal(found["boxes"], PAIR[:2])


def test_boxes_below_the_confidence_vote_so_that_it_moves_no_box() -> None:
    found = picked(PAIR[:2], [[1, -5], [-1, -5]], voting=True, confidence=0.5)

    least = 1 / (1 + np.e)
    np.testing.assert_allclose(found["boxes"], [[0, 0, 10, (10 * (1 - least) + 6 * least)]], rtol=1e-6)


def test_windows_that_are_surely_background_do_not_vote() -> None:
    found = picked(PAIR[:2], [[1, -5], [-1.2, -5]], voting=True)

    np.testing.assert_array_equal(found["boxes"], PAIR[:1])


@pytest.mark.parametrize("settings", OPTIONS)
def test_boxes_vote_and_decay_where_regression_moved_them(settings: dict[str, Any]) -> None:
    found = picked(PAIR[:1], [[1, -5]], offset=(0.5, 0, 0, 0), **settings)

    np.testing.assert_array_equal(found["boxes"], [[5, 0, 15, 10]])


@pytest.mark.parametrize("settings", OPTIONS)
def test_boxes_moved_out_of_the_image_are_dropped(settings: dict[str, Any]) -> None:
    assert picked(PAIR, [[1, -5]] * 3, offset=(-9, 0, 0, 0), **settings)["boxes"].shape == (0, 4)


@pytest.mark.parametrize("settings", OPTIONS)
def test_of_equal_margins_the_first_window_is_the_better(settings: dict[str, Any]) -> None:
    found = picked([PAIR[2], [40, 0, 50, 10]], [[1, -5], [1, -5]], **settings)

    np.testing.assert_array_equal(found["boxes"], [PAIR[2], [40, 0, 50, 10]])


@pytest.mark.parametrize("settings", OPTIONS)
def test_no_windows_give_no_detections(settings: dict[str, Any]) -> None:
    found = picked([], [], **settings)

    assert found["boxes"].shape == (0, 4) and found["scores"].shape == found["margins"].shape == (0,)
    assert found["labels"].dtype == np.int64 and found["scores"].dtype == np.float32


@pytest.mark.parametrize("settings", OPTIONS)
def test_one_window_is_what_it_is_without_inference(settings: dict[str, Any]) -> None:
    found, usual = (picked(PAIR[:1], [[1, 0.5]], **options) for options in (settings, {}))

    np.testing.assert_array_equal(found["boxes"], usual["boxes"])
    np.testing.assert_array_equal(found["labels"], usual["labels"])
    np.testing.assert_array_equal(found["scores"], usual["scores"])


@pytest.mark.parametrize("settings", OPTIONS)
def test_a_class_is_limited_to_its_best_detections(settings: dict[str, Any]) -> None:
    lefts = 1.5 * np.arange(PER_CLASS + 5)
    windows = np.stack([lefts, 0 * lefts, lefts + 1, 0 * lefts + 1], axis=1).tolist()

    found = picked(windows, [[0.01 * number, 0.01 * number] for number in range(PER_CLASS + 5)], **settings)

    assert np.bincount(found["labels"]).tolist() == [PER_CLASS, PER_CLASS]
    np.testing.assert_allclose(found["margins"].min(), 0.05)


def test_the_likeliest_windows_of_a_class_are_its_candidates() -> None:
    margins = np.arange(CANDIDATES + 2, dtype=np.float32)[:, None]

    rows, labels = likely_windows(np.zeros((CANDIDATES + 2, 4), np.float32), margins, 0.0, 0.3)

    np.testing.assert_array_equal(rows, np.arange(CANDIDATES + 1, 1, -1))
    assert not labels.any()
