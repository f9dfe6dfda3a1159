"""Tests of SPPNet: what users call."""

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from detector import InputError, Mining, ModelError, SPPNet
from detector.boxes import iou
from detector.examples import Target
from proposals import SelectiveSearch

from .conftest import Report, square_image

Squares = list[tuple[npt.NDArray[np.uint8], Target]]


def new_model() -> SPPNet:
    return SPPNet(
        ("red", "blue"),
        trunk="zf5",
        weights="random",
        scales=(192,),
        mining=Mining(C=0.01, memory=50_000_000),
        penalty=100.0,
        search=SelectiveSearch(limit=100),
    )


@pytest.fixture(scope="module")
def model(squares: Squares) -> SPPNet:
    return new_model().fit(squares, workers=0)


def test_the_squares_of_an_unseen_image_are_found(model: SPPNet) -> None:
    image, target = square_image(99)

    [found] = model.predict([image])

    best = [int(np.flatnonzero(found["labels"] == label)[0]) for label in (0, 1)]
    assert np.diag(iou(found["boxes"][best], target["boxes"])).min() > 0.5
    assert list(found["milliseconds"]) == ["proposals", "conv", "pooling", "scores", "suppression", "regression"]


def test_scores_fall_and_lie_between_0_and_1(model: SPPNet) -> None:
    [found] = model.predict([square_image(99)[0]])

    assert (np.diff(found["scores"]) <= 0).all() and (np.diff(found["margins"]) <= 0).all()
    assert found["scores"].min() >= 0 and found["scores"].max() <= 1


def test_each_image_gets_its_own_detections(model: SPPNet) -> None:
    images = [square_image(number)[0] for number in (98, 99)]

    together, alone = model.predict(images), [model.predict([image])[0] for image in images]

    np.testing.assert_array_equal(together[0]["boxes"], alone[0]["boxes"])
    np.testing.assert_array_equal(together[1]["boxes"], alone[1]["boxes"])


def test_no_images_give_no_results(model: SPPNet) -> None:
    assert model.predict([]) == []


def test_no_windows_give_no_detections(model: SPPNet) -> None:
    [found] = model.predict([square_image(0)[0]], windows=[np.zeros((0, 4), np.float32)])

    assert found["boxes"].shape == (0, 4) and "proposals" not in found["milliseconds"]


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 500, 3), (500, 1, 3), (3, 3000, 3)])
def test_the_strangest_shapes_are_searched(model: SPPNet, shape: tuple[int, int, int]) -> None:
    [found] = model.predict([np.zeros(shape, np.uint8)])

    assert (found["boxes"] <= np.array(shape)[[1, 0, 1, 0]]).all() and (found["boxes"] >= 0).all()


@pytest.mark.parametrize(
    "image",
    [np.zeros((5, 5), np.uint8), np.zeros((5, 5, 4), np.uint8), np.zeros((5, 5, 3)), np.zeros((0, 5, 3), np.uint8)],
)
def test_what_is_no_image_is_named(model: SPPNet, image: npt.NDArray[np.uint8]) -> None:
    with pytest.raises(InputError, match="image 0: "):
        model.predict([image])


def test_windows_must_be_given_for_every_image(model: SPPNet) -> None:
    with pytest.raises(InputError, match="1 images need as many arrays of windows, not 0"):
        model.predict([square_image(0)[0]], windows=[])


def test_a_saved_model_predicts_the_same(model: SPPNet, tmp_path: Path) -> None:
    image = square_image(99)[0]
    model.save(tmp_path / "model")

    loaded = SPPNet.load(tmp_path / "model")

    [before], [after] = model.predict([image]), loaded.predict([image])
    np.testing.assert_array_equal(before["boxes"], after["boxes"])
    np.testing.assert_array_equal(before["scores"], after["scores"])
    assert loaded.classes == model.classes and loaded.metrics_ == model.metrics_ and loaded.search == model.search


def test_training_again_gives_the_same_files(model: SPPNet, squares: Squares, tmp_path: Path) -> None:
    model.save(tmp_path / "one")
    new_model().fit(squares, workers=0, cache=tmp_path / "cache").save(tmp_path / "two")

    for name in ("model.safetensors", "config.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_an_interrupted_training_goes_on_to_the_same_model(model: SPPNet, squares: Squares, tmp_path: Path) -> None:
    def interrupt(stage: str, done: int, total: int) -> None:
        if stage == "hard negatives":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        new_model().fit(squares, workers=0, cache=tmp_path / "cache", progress=interrupt)
    resumed = new_model().fit(squares, workers=0, cache=tmp_path / "cache")

    resumed.save(tmp_path / "resumed")
    model.save(tmp_path / "whole")
    names = ("resumed", "whole")
    resumed_bytes, whole_bytes = ((tmp_path / name / "model.safetensors").read_bytes() for name in names)
    assert resumed_bytes == whole_bytes


def test_progress_is_reported_by_stage_and_reaches_the_end(squares: Squares) -> None:
    reports: list[Report] = []

    new_model().fit(squares, workers=0, progress=lambda *report: reports.append(report))

    last = {stage: (done, total) for stage, done, total in reports}
    assert all(done == total for done, total in last.values())
    assert list(last)[:3] == ["windows and maps", "objects", "hard negatives"]


def test_what_was_learned_from_is_counted(model: SPPNet) -> None:
    assert model.metrics_["images"] == 16 and model.metrics_["objects"] == {"red": 16, "blue": 12}
    assert set(model.metrics_["seconds"]) == {"windows and maps", "SVMs", "box regression", "calibration"}


def test_images_without_any_object_cannot_train() -> None:
    nothing: Target = {
        "boxes": np.zeros((0, 4), np.float32),
        "labels": np.zeros(0, np.int64),
        "difficult": np.zeros(0, bool),
    }

    with pytest.raises(InputError, match="none of 1 training images has an object"):
        new_model().fit([(square_image(0)[0], nothing)], workers=0)


def test_no_images_cannot_train() -> None:
    with pytest.raises(InputError, match="none of 0 training images"):
        new_model().fit([], workers=0)


def test_a_model_must_be_trained_to_predict_or_be_saved(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has not been trained"):
        new_model().predict([square_image(0)[0]])
    with pytest.raises(ModelError, match="has not been trained"):
        new_model().save(tmp_path)


@pytest.mark.parametrize("classes", [(), ("cat", "cat")])
def test_classes_must_be_different_names(classes: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="classes must be different names"):
        SPPNet(classes)


def test_the_plan_grows_with_images_and_scales() -> None:
    one, many = (new_model().plan(images) for images in (1, 100))
    fine = SPPNet(("red",), trunk="zf5", scales=(192, 400)).plan(100)

    assert many["disk_bytes"] == 100 * one["disk_bytes"] and fine["seconds"] > many["seconds"] > one["seconds"]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"scales": ()}, "scales must be"),
        ({"levels": (0,)}, "levels must be"),
        ({"geometry": "bogus"}, "geometry must be 'paper' or 'release', not 'bogus'"),
        ({"penalty": 0.0}, "norm and penalty must be positive"),
        ({"held_out": 1.0}, "held_out must be a fraction"),
        ({"seed": -1}, "seed must not be negative, not -1"),
    ],
)
def test_a_bad_setting_is_named_at_once(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        SPPNet(("red",), **setting)


def test_every_setting_is_saved_and_loaded(squares: Squares, tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "scales": (96, 192), "max_side": 500, "levels": (1, 3), "geometry": "release", "power": 0.5, "centre": False,
        "standardise": False, "norm": 10.0, "mining": Mining(C=0.1, passes=1, memory=50_000_000), "penalty": 10.0,
        "regression_examples": 40, "negative_iou": 0.2, "use_difficult": True, "held_out": 0.2,
        "search": SelectiveSearch(limit=30), "seed": 4,
    }  # fmt: skip
    SPPNet(("red", "blue"), trunk="zf5", weights="random", **settings).fit(squares[:6], workers=0).save(tmp_path / "m")

    loaded = SPPNet.load(tmp_path / "m")

    assert {name: getattr(loaded, name) for name in settings} == settings
    assert settings.keys() | {"classes", "trunk", "weights", "preprocessing"} == set(
        inspect.signature(SPPNet).parameters
    )


def test_a_loaded_model_that_is_trained_again_keeps_its_trunk(model: SPPNet, squares: Squares, tmp_path: Path) -> None:
    model.save(tmp_path / "first")

    SPPNet.load(tmp_path / "first").fit(squares, workers=0).save(tmp_path / "second")

    first, second = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("first", "second"))
    assert first == second


def test_windows_of_another_shape_are_named(model: SPPNet) -> None:
    with pytest.raises(InputError, match=r"image 0: windows must be finite and of shape \(N, 4\), not \(8, 5\)"):
        model.predict([square_image(0)[0]], windows=[np.zeros((8, 5), np.float32)])


def test_the_number_of_workers_changes_nothing(model: SPPNet, squares: Squares, tmp_path: Path) -> None:
    new_model().fit(squares, workers=2).save(tmp_path / "apart")
    model.save(tmp_path / "alone")

    apart, alone = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("apart", "alone"))
    assert apart == alone
