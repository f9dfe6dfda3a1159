"""Tests of SPPNet: what users call."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from safetensors.numpy import load_file

from sppnet.detector import (
    CONTEXT,
    FineTuning,
    InputError,
    Mining,
    ModelError,
    Pooling,
    SPPNet,
    Training,
    View,
)
from sppnet.detector.backbone.backbone import Backbone
from sppnet.detector.scoring.boxes import iou
from sppnet.detector.types import Target
from sppnet.proposals import SelectiveSearch
from tests.conftest import Report, square_image, windows_near
from tests.detector.tuned import SMALL, WIDTHS, squares_with_windows, tuned

Squares = list[tuple[npt.NDArray[np.uint8], Target]]


def new_model() -> SPPNet:
    return SPPNet(
        ("red", "blue"),
        backbone="zf5",
        weights="random",
        pooling=Pooling(scales=(192,)),
        training=Training(mining=Mining(C=0.01, memory=50_000_000), penalty=100.0),
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
    [
        np.zeros(5, np.uint8),
        np.zeros((5, 5, 2), np.uint8),
        np.zeros((5, 5, 3), np.int64),
        np.zeros((0, 5, 3), np.uint8),
    ],
)
def test_what_is_no_image_is_named(model: SPPNet, image: npt.NDArray[np.uint8]) -> None:
    with pytest.raises(InputError, match="image 0: "):
        model.predict([image])


def test_windows_must_be_given_for_every_image(model: SPPNet) -> None:
    with pytest.raises(InputError, match="1 images need as many arrays of windows, not 0"):
        model.predict([square_image(0)[0]], windows=[])


def test_a_call_takes_its_confidence_from_the_model(model: SPPNet) -> None:
    image = square_image(99)[0]

    found, all_found = model(image), model(image, confidence=0)

    assert 0 < len(found) < len(all_found) and found.scores.min() >= 0.5
    np.testing.assert_array_equal(all_found.boxes, model.predict([image])[0]["boxes"])
    assert set(found.names) <= {"red", "blue"}


@pytest.mark.parametrize("confidence", [-0.1, 1.5, float("nan")])
def test_a_confidence_is_a_score(confidence: float) -> None:
    with pytest.raises(InputError, match="confidence must be from 0 to 1"):
        SPPNet(("red",), confidence=confidence)


def test_a_model_is_printed_for_people(model: SPPNet) -> None:
    assert repr(model) == "<SPPNet of 2 classes: red, blue; zf5, SVMs on pool, on cpu, learned from 16 images>"
    assert repr(new_model()).endswith("on cpu, not trained>")


def test_a_saved_model_predicts_the_same(model: SPPNet, tmp_path: Path) -> None:
    image = square_image(99)[0]
    model.save(tmp_path / "model")

    loaded = SPPNet.load(tmp_path / "model")

    [before], [after] = model.predict([image]), loaded.predict([image])
    np.testing.assert_array_equal(before["boxes"], after["boxes"])
    np.testing.assert_array_equal(before["scores"], after["scores"])
    assert loaded.classes == model.classes and loaded.metrics_ == model.metrics_ and loaded.search == model.search


def test_a_saved_model_predicts_the_same_up_to_rounding_in_another_engine(model: SPPNet, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    image = square_image(3)[0]

    (expected,), (found,) = (
        SPPNet.load(tmp_path / "model", engine=engine).predict([image]) for engine in ("torch", "onnx")
    )

    assert len(found["scores"]) == len(expected["scores"]) > 0
    np.testing.assert_allclose(np.sort(found["scores"]), np.sort(expected["scores"]), atol=1e-3)


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


def test_a_loaded_model_that_is_trained_again_starts_from_its_conv_layers(
    model: SPPNet, squares: Squares, tmp_path: Path
) -> None:
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


TUNED: dict[str, dict[str, Any]] = {
    "pooled vectors of trained conv layers": {"fine_tuning": FineTuning(unfreeze=True, epochs=1, windows=16)},
    "other scales in training": {"fine_tuning": FineTuning(unfreeze=True, epochs=1, windows=16, scales=(64, 128))},
    "fc6": {"fine_tuning": WIDTHS, "layer": "fc6"},
    "fc7 of fewer channels": {"fine_tuning": replace(WIDTHS, reduction=5), "layer": "fc7"},
    "a softmax": {"fine_tuning": WIDTHS, "scores": "softmax"},
    "a softmax of pooled vectors": {"fine_tuning": FineTuning(epochs=1), "scores": "softmax"},
    "context": {"pooling": SMALL.with_views(*CONTEXT)},
    "two maps": {"pooling": SMALL.with_views(View((1, 2, 3), map="conv1"))},
    "everything": {
        "fine_tuning": replace(WIDTHS, reduction=5, unfreeze=True), "layer": "fc7",
        "pooling": Pooling((96, 64), views=(View((1, 2)), *CONTEXT, View((1, 2, 3), map="conv1"))),
    },
    "bfloat16": {"fine_tuning": replace(WIDTHS, reduction=5, unfreeze=True), "layer": "fc6", "precision": "bfloat16"},
}  # fmt: skip


@pytest.mark.parametrize("settings", TUNED.values(), ids=TUNED)
def test_models_of_every_kind_predict_the_same_once_saved_and_loaded(
    pooled_name: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    model = tuned(pooled_name, **settings)
    image, windows = square_image(99)[0], windows_near(99)
    model.save(tmp_path / "model")

    loaded = SPPNet.load(tmp_path / "model")

    [before], [after] = (one.predict([image], windows=[windows]) for one in (model, loaded))
    assert len(before["boxes"])
    np.testing.assert_array_equal(before["boxes"], after["boxes"])
    np.testing.assert_array_equal(before["margins"], after["margins"])
    np.testing.assert_array_equal(before["scores"], after["scores"])
    assert {name: getattr(loaded, name) for name in settings} == settings


def test_a_model_that_is_fitted_again_is_trained_anew(pooled_name: str, tmp_path: Path) -> None:
    model = tuned(pooled_name, fine_tuning=replace(WIDTHS, unfreeze=True), layer="fc6")
    model.save(tmp_path / "first")

    model.fit(squares_with_windows(6), workers=0).save(tmp_path / "second")

    first, second = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("first", "second"))
    assert first == second


def test_a_fitted_model_keeps_its_layers_on_request(pooled_name: str, tmp_path: Path) -> None:
    tuned(pooled_name, fine_tuning=WIDTHS, layer="fc6").save(tmp_path / "first")

    SPPNet.load(tmp_path / "first").fit(squares_with_windows(6), workers=0, keep_layers=True).save(tmp_path / "second")

    first, second = (load_file(tmp_path / name / "model.safetensors") for name in ("first", "second"))
    np.testing.assert_array_equal(first["head.layers.0.weight"], second["head.layers.0.weight"])


def test_a_model_without_layers_has_none_to_keep(pooled_name: str) -> None:
    with pytest.raises(ModelError, match="has not been trained"):
        SPPNet(("red",), backbone=pooled_name).fit([], keep_layers=True)


def test_a_compressed_model_is_saved_and_loaded(pooled_name: str, tmp_path: Path) -> None:
    model = tuned(pooled_name, fine_tuning=WIDTHS, layer="fc7").compress((4096, 3))
    model.save(tmp_path / "model")

    loaded = SPPNet.load(tmp_path / "model")

    image, windows = square_image(99)[0], windows_near(99)
    [before], [after] = (one.predict([image], windows=[windows]) for one in (model, loaded))
    np.testing.assert_array_equal(before["margins"], after["margins"])


@pytest.mark.parametrize("settings", [{}, {"fine_tuning": FineTuning(epochs=1)}])
def test_a_model_without_layers_cannot_be_compressed(pooled_name: str, settings: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="has no fully connected layers to compress"):
        tuned(pooled_name, images=2, **settings).compress((1,))


def test_only_scales_that_a_window_selects_are_convolved(pooled_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tuned(pooled_name, pooling=replace(SMALL, scales=(96, 192, 384)))
    convolved, maps_of = list[int](), Backbone.maps_of

    def counted(backbone: Backbone, image: npt.NDArray[np.uint8], scale: int, *names: Any, **options: Any) -> Any:
        convolved.append(scale)
        return maps_of(backbone, image, scale, *names, **options)

    monkeypatch.setattr(Backbone, "maps_of", counted)
    model.predict([square_image(99)[0]] * 2, windows=[np.array([[0, 0, 100, 90]], np.float32), windows_near(0)[:0]])

    assert convolved == [192]  # 200 x 180 pixels


def test_without_regression_detections_are_windows(squares: list[tuple[npt.NDArray[np.uint8], Target]]) -> None:
    model = SPPNet(("red", "blue"), weights="random", pooling=SMALL, training=Training(held_out=0)).fit(
        squares[:4], workers=0
    )
    image, windows = squares[4][0], np.array([[0, 0, 60, 60], [10, 20, 70, 90]], np.float32)

    [found] = model.without_regression().predict([image], windows=[windows])

    assert {tuple(box) for box in found["boxes"].tolist()} <= {tuple(window) for window in windows.tolist()}
    assert model.fitted()[1].offset_weights.any()
