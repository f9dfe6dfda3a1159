"""Tests of SPPNet: what users call."""

import inspect
from collections.abc import Callable
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
    Inference,
    InputError,
    Mining,
    ModelError,
    Pooling,
    SPPNet,
    Training,
    View,
)
from sppnet.detector.backbone.backbone import Backbone
from sppnet.detector.backbone.weights import load_backbone
from sppnet.detector.pooling.features import WindowFeatures
from sppnet.detector.scoring.boxes import iou
from sppnet.detector.types import Target
from sppnet.proposals import SelectiveSearch
from tests.conftest import Report, no_progress, square_image, windows_near, with_windows

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


def test_the_plan_grows_with_images_and_scales() -> None:
    one, many = (new_model().plan(images) for images in (1, 100))
    fine = SPPNet(("red",), backbone="zf5", pooling=Pooling(scales=(192, 400))).plan(100)

    assert many["disk_bytes"] == 100 * one["disk_bytes"] and fine["seconds"] > many["seconds"] > one["seconds"]


def test_the_plan_counts_every_map_that_is_pooled_once() -> None:
    # 600 x 800 pixels in half precision: 468.75 cells of 320 channels, and 1,875 of 112; 32,000 bytes for the rest.
    model = SPPNet(("red",), backbone="efficientnet_lite0")
    context = SPPNet(("red",), backbone="efficientnet_lite0", pooling=model.pooling.with_views(*CONTEXT))

    assert model.plan(1)["disk_bytes"] == context.plan(1)["disk_bytes"] == pytest.approx(300_000 + 420_000 + 32_000)


def test_the_plan_of_fine_tuning_counts_the_maps_of_its_own_scales_and_of_mirror_images() -> None:
    # The stem's map at stride 8: 7,500 cells of 40 channels in half precision for 600 x 800 pixels.
    model, still = (
        SPPNet(("red",), backbone="efficientnet_lite0", scores="softmax", fine_tuning=FineTuning(unfreeze=True, **more))
        for more in ({"scales": (600, 1200)}, {"flips": False})
    )
    base = 300_000 + 420_000 + 32_000

    assert still.plan(1)["disk_bytes"] == pytest.approx(base + 600_000)
    assert model.plan(1)["disk_bytes"] == pytest.approx(base + 2 * (600_000 + 2_400_000))


def test_every_setting_is_saved_and_loaded(squares: Squares, tmp_path: Path) -> None:
    view = View((1, 3), map="conv4", enlargement=1.2)
    mining = Mining(C=0.1, passes=1, memory=50_000_000)
    settings: dict[str, Any] = {
        "pooling": Pooling((96, 192), 500, (view, View((1,), enlargement=None)), "release", 0.5),
        "training": Training(mining, 10.0, False, False, 10.0, 40, 0.2, True, 0.2),
        **{"search": SelectiveSearch(limit=30), "seed": 4, "precision": "float32"},
        **{"fine_tuning": None, "layer": "pool", "scores": "svm", "ranks": (), "confidence": 0.25},
    }
    SPPNet(("red", "blue"), backbone="zf5", weights="random", **settings).fit(squares[:6], workers=0).save(
        tmp_path / "m"
    )

    loaded = SPPNet.load(tmp_path / "m")

    assert {name: getattr(loaded, name) for name in settings} == settings
    assert settings.keys() | {"classes", "backbone", "weights", "preprocessing", "device", "engine"} == set(
        inspect.signature(SPPNet).parameters
    )


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


SMALL = Pooling(scales=(96,), views=(View((1, 2)),))
WIDTHS = FineTuning(widths=(10, 8), epochs=1, windows=16, learning_rate=2e-3)
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


def tuned(
    backbone: str,
    cache: Path | None = None,
    *,
    images: int = 6,
    progress: Callable[[str, int, int], None] = no_progress,
    **settings: Any,
) -> SPPNet:
    model = SPPNet(
        ("red", "blue"),
        backbone=backbone,
        weights="random",
        training=Training(mining=Mining(C=0.01, memory=5_000_000), held_out=0.2),
        **{"pooling": SMALL, **settings},
    )
    return model.fit(squares_with_windows(images), workers=0, cache=cache, progress=progress)


def squares_with_windows(count: int) -> list[tuple[Any, Target]]:
    return with_windows(map(square_image, range(count)), map(windows_near, range(count)))


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


@pytest.mark.parametrize("unfreeze", [False, True])
def test_conv_layers_after_the_last_pooling_learn_on_request_only(
    pooled_name: str, unfreeze: bool, tmp_path: Path
) -> None:
    before = load_backbone(pooled_name, "random").layers.state_dict()
    tuned(pooled_name, fine_tuning=replace(WIDTHS, unfreeze=unfreeze)).save(tmp_path / "model")

    after = load_file(tmp_path / "model" / "model.safetensors")

    np.testing.assert_array_equal(after["backbone.0.weight"], before["0.weight"])
    assert np.array_equal(after["backbone.3.weight"], before["3.weight"]) is not unfreeze


def test_a_fine_tuning_is_told_of(pooled_name: str) -> None:
    metrics = tuned(pooled_name, fine_tuning=WIDTHS).metrics_

    assert len(metrics["fine_tuning"]["losses"]) == 1 == metrics["fine_tuning"]["epoch"]
    assert "fine-tuning" in metrics["seconds"]


def test_an_interrupted_fine_tuning_goes_on_to_the_same_model(pooled_name: str, tmp_path: Path) -> None:
    def interrupt(stage: str, done: int, total: int) -> None:
        if stage == "fine-tuning" and done == 3:
            raise KeyboardInterrupt

    tuning = replace(WIDTHS, unfreeze=True, reduction=5, epochs=2)  # two steps each
    with pytest.raises(KeyboardInterrupt):
        tuned(pooled_name, tmp_path / "cache", progress=interrupt, fine_tuning=tuning)
    tuned(pooled_name, tmp_path / "cache", fine_tuning=tuning).save(tmp_path / "resumed")
    tuned(pooled_name, fine_tuning=tuning).save(tmp_path / "whole")

    resumed, whole = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("resumed", "whole"))
    assert resumed == whole


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


def test_fine_tuning_sees_its_own_scales_and_what_follows_the_models(
    pooled_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, rectangles = list[int](), WindowFeatures.rectangles

    def noted(features: WindowFeatures, sizes: Any, windows: Any, image_size: Any, scale: int) -> Any:
        seen.append(scale)
        return rectangles(features, sizes, windows, image_size, scale)

    monkeypatch.setattr(WindowFeatures, "rectangles", noted)
    model = tuned(pooled_name, fine_tuning=FineTuning(unfreeze=True, epochs=2, windows=16, scales=(64, 128)))
    during = set(seen)
    seen.clear()
    model.predict([square_image(99)[0]])

    assert during == {96, 64, 128} and set(seen) == {96}


def test_a_window_uses_the_best_of_the_scales_of_inference(pooled_name: str) -> None:
    model = tuned(pooled_name)
    image, windows = square_image(99)[0], [np.array([[0, 0, 100, 90]], np.float32)]  # 200 x 180 pixels at 192

    at_192, at_any = (
        model.predict([image], windows=windows, inference=Inference(scales=scales))[0]["margins"]
        for scales in ((192,), (96, 192, 384))
    )

    np.testing.assert_array_equal(at_192, at_any)
    assert at_any[0] != model.predict([image], windows=windows)[0]["margins"][0]


def test_the_scales_of_a_model_given_again_change_nothing(pooled_name: str) -> None:
    model, image, windows = tuned(pooled_name), square_image(99)[0], windows_near(99)

    [usual], [given] = (
        model.predict([image], windows=[windows], inference=inference) for inference in (None, Inference(scales=(96,)))
    )

    np.testing.assert_array_equal(usual["boxes"], given["boxes"])
    np.testing.assert_array_equal(usual["margins"], given["margins"])


def test_an_image_and_its_mirror_image_give_mirrored_detections(pooled_name: str) -> None:
    model, inference = tuned(pooled_name), Inference(mirror=True, soft=True, voting=True)
    image, windows = square_image(99)[0], windows_near(99)
    turned = np.stack([128 - windows[:, 2], windows[:, 1], 128 - windows[:, 0], windows[:, 3]], axis=1)

    straight, mirrored = model.predict(
        [image, np.ascontiguousarray(image[:, ::-1])], windows=[windows, turned], inference=inference
    )

    np.testing.assert_allclose(mirrored["scores"], straight["scores"], rtol=1e-4)
    np.testing.assert_allclose(mirrored["boxes"][0, [2, 0]], 128 - straight["boxes"][0, [0, 2]], rtol=1e-3)


@pytest.mark.parametrize("count", [0, 1])
def test_everything_of_inference_takes_no_windows_and_one(pooled_name: str, count: int) -> None:
    inference = Inference(scales=(64, 96), mirror=True, soft=True, voting=True)
    windows = np.array([[0, 0, 60, 60]], np.float32)[:count]

    [found] = tuned(pooled_name).predict([square_image(99)[0]], windows=[windows], inference=inference)

    assert found["boxes"].shape == (len(found["labels"]), 4) and len(found["labels"]) <= 2 * count


def test_without_regression_detections_are_windows(squares: list[tuple[npt.NDArray[np.uint8], Target]]) -> None:
    model = SPPNet(("red", "blue"), weights="random", pooling=SMALL, training=Training(held_out=0)).fit(
        squares[:4], workers=0
    )
    image, windows = squares[4][0], np.array([[0, 0, 60, 60], [10, 20, 70, 90]], np.float32)

    [found] = model.without_regression().predict([image], windows=[windows])

    assert {tuple(box) for box in found["boxes"].tolist()} <= {tuple(window) for window in windows.tolist()}
    assert model.fitted()[1].offset_weights.any()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"seed": -1}, "seed must not be negative, not -1"),
        ({"backbone": "vgg"}, "there is no backbone 'vgg'"),
        ({"engine": "tpu"}, "there is no engine 'tpu'; there are auto, onnx, torch"),
        ({"pooling": Pooling(views=(View(map="fire10"),))}, "efficientnet_lite0 has no map 'fire10'; there are stage0"),
        ({"layer": "fc8"}, "layer must be one of pool, fc6, fc7, not 'fc8'"),
        ({"scores": "bogus"}, "scores must be svm or softmax, not 'bogus'"),
        ({"layer": "fc6"}, "layer fc6 needs fine_tuning with a width for it"),
        ({"layer": "fc7", "fine_tuning": FineTuning(widths=(5,))}, "layer fc7 needs fine_tuning"),
        ({"scores": "softmax"}, "scores 'softmax' need fine_tuning"),
        ({"pooling": Pooling(power=0.5), "fine_tuning": FineTuning()}, "power must be 1, not 0.5"),
    ],
)
def test_settings_that_do_not_go_together_are_named_at_once(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        SPPNet(("red",), **setting)


def of_blue(count: int) -> list[tuple[Any, Target]]:
    """Return images with their blue squares alone, labelled 0, and the red ones not annotated."""
    pairs = squares_with_windows(count)
    return [(image, {**target, **{name: target[name][1:] for name in ("boxes", "difficult")}, "labels": np.array([0])})
            for image, target in pairs]  # fmt: skip


@pytest.fixture(scope="module", params=["svm", "softmax", "fc6"])
def red(pooled_name: str, request: pytest.FixtureRequest) -> SPPNet:
    """A model that knows the red squares alone."""
    tuning: dict[str, dict[str, Any]] = {
        "svm": {},
        "softmax": {"fine_tuning": FineTuning(epochs=2), "scores": "softmax"},
        "fc6": {"fine_tuning": WIDTHS, "layer": "fc6"},
    }
    return tuned(pooled_name, images=12, **tuning[request.param]).remove_class("blue")


def test_a_further_class_is_learned_and_the_others_stay_as_they_are(red: SPPNet, tmp_path: Path) -> None:
    image, windows = square_image(99)[0], windows_near(99)

    both = red.add_classes(of_blue(12), ("blue",), workers=0)

    red.save(tmp_path / "red")
    both.save(tmp_path / "both")
    loaded = SPPNet.load(tmp_path / "both")
    assert both.classes == loaded.classes == ("red", "blue") and red.classes == ("red",)
    before, after = (load_file(tmp_path / name / "model.safetensors") for name in ("red", "both"))
    for name, tensor in before.items():
        np.testing.assert_array_equal(after[name][: len(tensor)], tensor)
    [old], [new], [again] = (model.predict([image], windows=[windows]) for model in (red, both, loaded))
    mine = new.labels == 0
    for name in ("boxes", "labels", "scores", "margins"):
        np.testing.assert_array_equal(new[name][mine], old[name])
        np.testing.assert_array_equal(new[name], again[name])
    assert both.metrics_["added"][0]["objects"] == {"blue": 9} and "blue" not in red.metrics_["objects"]


@pytest.mark.parametrize("red", ["svm", "softmax"], indirect=True)
def test_a_further_class_is_found(red: SPPNet) -> None:
    both = red.add_classes(of_blue(12), ("blue",), workers=0)

    [found] = both.predict([square_image(99)[0]], windows=[windows_near(99)])

    first = found.boxes[np.flatnonzero(found.labels == 1)[:1]]
    [[red_overlap, blue_overlap]] = iou(first, square_image(99)[1]["boxes"])
    assert blue_overlap > 0.5 and red_overlap == 0


def test_the_labels_of_known_classes_are_no_objects_of_the_new(red: SPPNet) -> None:
    named = red.add_classes(squares_with_windows(8), ("red", "blue"), workers=0)
    alone = red.add_classes(of_blue(8), ("blue",), workers=0)

    np.testing.assert_array_equal(named.fitted()[1].weights, alone.fitted()[1].weights)


def test_negatives_are_images_without_the_class(pooled_name: str) -> None:
    red = tuned(pooled_name).remove_class("blue")
    pairs = [(image, {name: values for name, values in target.items() if name != "windows"})
             for image, target in of_blue(4)]  # fmt: skip

    both = red.add_classes(pairs, ("blue",), negatives=[square_image(50)[0]], workers=0)

    assert both.metrics_["added"][0]["images"] == 5


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (("red",), "the model has all classes of these images already: red"),
        (("green", "blue"), "none of 0 training images|none of 0 images has an object of a new class: green, blue"),
        (None, "classes must name the labels"),
    ],
)
def test_a_class_that_cannot_be_learned_is_named(red: SPPNet, classes: tuple[str, ...] | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        red.add_classes([], classes, workers=0)


def test_a_class_is_removed_and_the_others_find_what_they_found(pooled_name: str, tmp_path: Path) -> None:
    image, windows = square_image(99)[0], windows_near(99)
    for scores in ("svm", "softmax"):
        whole = tuned(pooled_name, fine_tuning=FineTuning(epochs=1), scores=scores)
        whole.remove_class("red").save(tmp_path / scores)
        blue = SPPNet.load(tmp_path / scores)

        [all_found], [found] = (model.predict([image], windows=[windows]) for model in (whole, blue))

        assert blue.classes == ("blue",) and found.names == ["blue"] * len(found) and len(found)
        np.testing.assert_allclose(found.boxes, all_found.boxes[all_found.labels == 1], rtol=1e-6)
        np.testing.assert_allclose(found.scores, all_found.scores[all_found.labels == 1], rtol=1e-5)


def test_a_class_is_renamed(red: SPPNet, tmp_path: Path) -> None:
    red.rename_class("red", "crimson").save(tmp_path / "crimson")

    crimson = SPPNet.load(tmp_path / "crimson")

    assert crimson.classes == ("crimson",) and list(crimson.metrics_["objects"]) == ["crimson"]
    np.testing.assert_array_equal(crimson.fitted()[1].weights, red.fitted()[1].weights)


def test_what_cannot_be_removed_or_renamed_is_named(red: SPPNet, model: SPPNet) -> None:
    with pytest.raises(InputError, match="the model has no class 'blue'; it has red"):
        red.remove_class("blue")
    with pytest.raises(InputError, match="'red' is the only class of the model"):
        red.remove_class("red")
    for name in ("blue", "", " "):
        with pytest.raises(InputError, match=f"no class of the model has, not '{name}'"):
            model.rename_class("red", name)


def test_a_changed_softmax_cannot_be_kept_in_a_new_training(pooled_name: str) -> None:
    changed = tuned(pooled_name, fine_tuning=FineTuning(epochs=1), scores="softmax").remove_class("red")

    with pytest.raises(InputError, match="keep_layers: the softmax has other classes than the model"):
        changed.fit(of_blue(4), workers=0, keep_layers=True)
    assert changed.fit(of_blue(4), workers=0).fitted()[1].background == 1


def test_settings_that_claim_impossible_further_classes_are_damaged(red: SPPNet, tmp_path: Path) -> None:
    red.save(tmp_path / "red")
    config = tmp_path / "red" / "config.json"
    config.write_text(config.read_text().replace('"further": 0', '"further": 7'))

    with pytest.raises(ModelError, match="further must be a number of classes, not 7"):
        SPPNet.load(tmp_path / "red")
