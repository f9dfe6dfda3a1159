"""Tests of several models that detect as one, on vectors made by hand."""

from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest

from sppnet.detector import Combination, Inference, InputError, SPPNet
from sppnet.detector.combination import Merge
from sppnet.detector.pooling.features import Features
from sppnet.detector.pooling.vectors import StoredVectors
from sppnet.detector.scoring.calibration import Calibration
from sppnet.detector.scoring.detection import MARGIN_FLOOR, WindowScorer

Floats = npt.NDArray[np.float32]
IMAGE = np.zeros((100, 200, 3), np.uint8)
APART = np.array([[0, 0, 10, 10], [50, 50, 60, 60]], np.float32)
CLOSE = np.array([[0, 0, 10, 10], [1, 0, 11, 10]], np.float32)
STILL = (0.0, 0.0, 0.0, 0.0)


class GivenVectors:
    """Features that know the vectors of the windows already."""

    def __init__(self, given: list[list[float]]) -> None:
        self.given = np.array(given, np.float32).reshape(-1, 2)

    def vectors(self, *_: Any) -> StoredVectors:
        return StoredVectors(self.given)


def model(
    margins: list[list[float]],
    *,
    offset: tuple[float, float, float, float] = STILL,
    calibration: Calibration | None = None,
    classes: tuple[str, ...] = ("red", "blue"),
) -> SPPNet:
    """Return a model of two classes that gives windows these margins and moves them all by one offset."""
    made = SPPNet(classes)
    zeros = np.zeros((2, 4, 2), np.float32)
    offsets = np.array([offset, offset], np.float32)
    judge = WindowScorer(
        np.eye(2, dtype=np.float32), np.zeros(2, np.float32), zeros, offsets, calibration or Calibration()
    )
    made._fitted = cast(Features, GivenVectors(margins)), judge
    return made


def detect(*models: SPPNet, windows: Floats = APART, merge: Merge = "union", **options: Any) -> dict[str, Any]:
    [found] = Combination(models, merge=merge).predict([IMAGE], windows=[windows], **options)
    return found


@pytest.mark.parametrize("merge", ["union", "mean"])
def test_one_model_alone_gives_what_it_gives(merge: Merge) -> None:
    alone = model([[1, -0.5], [0.5, -5]], offset=(0.5, 0, 0, 0), calibration=Calibration(1.5, -0.25))
    [wanted] = alone.predict([IMAGE], windows=[CLOSE])

    found = detect(alone, windows=CLOSE, merge=merge)

    np.testing.assert_array_equal(found["boxes"], wanted["boxes"])
    np.testing.assert_array_equal(found["labels"], wanted["labels"])
    np.testing.assert_array_equal(found["margins"], wanted["margins"])
    np.testing.assert_allclose(found["scores"], wanted["scores"], rtol=1e-6)


def test_the_union_has_what_either_model_finds() -> None:
    found = detect(model([[2, -5], [-5, -5]]), model([[-5, -5], [-5, 1]]))

    np.testing.assert_array_equal(found["boxes"], APART)
    assert found["labels"].tolist() == [0, 1]


def test_in_the_union_the_best_of_overlapping_windows_of_all_models_stays() -> None:
    found = detect(model([[1, -5], [-5, -5]]), model([[-5, -5], [2, -5]]), windows=CLOSE)

    np.testing.assert_array_equal(found["boxes"], CLOSE[1:])


def test_models_are_compared_by_calibrated_scores() -> None:
    modest = model([[1, -5], [-5, -5]], calibration=Calibration(slope=4.0, offset=0.0))
    loud = model([[-5, -5], [3, -5]], calibration=Calibration(slope=1.0, offset=0.0))

    found = detect(modest, loud, windows=CLOSE)

    np.testing.assert_array_equal(found["boxes"], CLOSE[:1])
    np.testing.assert_allclose(found["scores"], 1 / (1 + np.exp(-4)), rtol=1e-6)
    np.testing.assert_array_equal(found["margins"], [1])


def test_scores_too_near_1_to_differ_are_still_compared() -> None:
    found = detect(model([[30, -5], [-5, -5]]), model([[-5, -5], [31, -5]]), windows=CLOSE)

    np.testing.assert_array_equal(found["boxes"], CLOSE[1:])


def test_a_window_of_the_union_is_moved_by_the_model_that_it_is_from() -> None:
    still, moving = model([[2, -5], [1, -5]]), model([[1, -5], [2, -5]], offset=(0.5, 0, 0, 0))

    found = detect(still, moving)

    np.testing.assert_allclose(found["boxes"], [[0, 0, 10, 10], [55, 50, 65, 60]])


def test_the_mean_averages_scores_and_margins() -> None:
    found = detect(model([[2, -5], [-5, -5]]), model([[1, -5], [-5, -5]]), merge="mean")

    np.testing.assert_allclose(found["scores"], (1 / (1 + np.exp(-4)) + 1 / (1 + np.exp(-2))) / 2, rtol=1e-6)
    np.testing.assert_allclose(found["margins"], [1.5])


def test_the_mean_prefers_what_both_models_find() -> None:
    doubtful = detect(model([[3, -5], [1, -5]]), model([[-3, -5], [1, -5]]), windows=CLOSE, merge="mean")

    np.testing.assert_array_equal(doubtful["boxes"], CLOSE[1:])


def test_the_mean_moves_windows_by_the_mean_of_the_offsets() -> None:
    found = detect(model([[2, -5], [-5, -5]]), model([[2, -5], [-5, -5]], offset=(0.5, 0, 0, 0)), merge="mean")

    np.testing.assert_allclose(found["boxes"], [[2.5, 0, 12.5, 10]])


@pytest.mark.parametrize("merge", ["union", "mean"])
def test_windows_that_all_models_take_for_background_are_left_out(merge: Merge) -> None:
    background = MARGIN_FLOOR - 0.01

    found = detect(model([[background, -5], [-5, -5]]), model([[background, -5], [-5, -5]]), merge=merge)

    assert len(found["boxes"]) == 0


@pytest.mark.parametrize("merge", ["union", "mean"])
def test_no_windows_give_no_detections(merge: Merge) -> None:
    found = detect(model([]), model([]), windows=np.zeros((0, 4), np.float32), merge=merge)

    assert found["boxes"].shape == (0, 4) and found["labels"].dtype == np.int64 and found["scores"].shape == (0,)


def test_the_confidence_is_the_least_score() -> None:
    found = detect(model([[1, -5], [-5, -5]]), model([[-5, -5], [-0.5, -5]]), confidence=0.5)

    np.testing.assert_array_equal(found["boxes"], APART[:1])


@pytest.mark.parametrize("merge", ["union", "mean"])
def test_soft_suppression_and_voting_work_on_what_all_models_say(merge: Merge) -> None:
    alone = model([[1, -0.5], [0.5, -5]], offset=(0.5, 0, 0, 0))
    inference = Inference(soft=True, voting=True)
    [wanted] = alone.predict([IMAGE], windows=[CLOSE], inference=inference)

    found = detect(alone, alone, windows=CLOSE, merge=merge, inference=inference)

    assert len(found["boxes"]) == 3
    np.testing.assert_allclose(found["boxes"], wanted["boxes"], rtol=1e-6)
    np.testing.assert_allclose(found["scores"], wanted["scores"], rtol=1e-6)
    np.testing.assert_allclose(found["margins"], wanted["margins"], rtol=1e-6)


def test_windows_are_proposed_once_by_the_first_model(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = model([[1, -5], [-5, -5]]), model([[-5, -5], [1, -5]])
    monkeypatch.setattr(first, "search", lambda _image: APART)
    monkeypatch.setattr(second, "search", None)

    [found] = Combination([first, second]).predict([IMAGE])

    assert len(found["boxes"]) == 2
    assert list(found["milliseconds"]) == ["proposals", "scores", "suppression", "regression"]


def test_classes_and_search_are_those_of_the_first_model() -> None:
    first = model([])

    pair = Combination([first, model([])])

    assert pair.classes == ("red", "blue") and pair.search is first.search


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (("red", "green"), "model 2: has 'green' as class 1, where model 1 has 'blue'"),
        (("red",), "model 2: has no class 1, where model 1 has 'blue'"),
        (("red", "blue", "green"), "model 2: has 'green' as class 2, where model 1 has none"),
    ],
)
def test_other_classes_are_named_with_the_number_of_the_model(classes: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}$"):
        Combination([model([]), model([], classes=classes)])


def test_no_models_are_refused() -> None:
    with pytest.raises(InputError, match="at least one model"):
        Combination([])


def test_another_merge_is_refused() -> None:
    with pytest.raises(InputError, match="'union' or 'mean', not 'vote'"):
        Combination([model([])], merge=cast(Merge, "vote"))


def test_windows_must_be_given_for_every_image() -> None:
    with pytest.raises(InputError, match="1 images need as many arrays of windows, not 0"):
        Combination([model([])]).predict([IMAGE], windows=[])


def test_what_is_no_image_is_named() -> None:
    with pytest.raises(InputError, match="image 0: "):
        Combination([model([])]).predict([IMAGE[..., :2]])
