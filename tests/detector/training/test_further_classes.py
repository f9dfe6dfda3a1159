"""Tests of learning classes that a detector does not know, on squares."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from sppnet.detector import FineTuning, InputError, Mining, ModelError, SPPNet, Training
from sppnet.detector.pooling.features import WindowFeatures
from sppnet.detector.scoring.boxes import iou
from sppnet.detector.scoring.calibration import Calibration
from sppnet.detector.timing import Stopwatch
from sppnet.detector.training.further_classes import learn_classes, of_classes, without_objects
from sppnet.detector.training.images import TrainingImages
from sppnet.detector.types import Target
from sppnet.proposals import SelectiveSearch
from tests.conftest import no_progress, square_image, windows_near, with_windows
from tests.detector.tuned import WIDTHS, squares_with_windows, tuned

USUAL = Calibration(5.0, 1.0)


def target(*labels: int) -> Target:
    boxes = np.array([[0, 0, 10, 10 + label] for label in labels], np.float32).reshape(-1, 4)
    return {"boxes": boxes, "labels": np.array(labels), "difficult": np.array(labels) == 2}


def images_of(
    classes: tuple[str, ...],
    features: WindowFeatures,
    folder: Path,
    count: int = 8,
    given: tuple[str, ...] = ("red", "blue"),
) -> TrainingImages:
    numbers = range(count)
    items = with_windows(map(square_image, numbers), map(windows_near, numbers))
    return TrainingImages(classes, features, folder).prepare(
        of_classes(items, given, classes), SelectiveSearch(), workers=0, progress=no_progress, total=count
    )


def learn(images: TrainingImages, **options: Any) -> Any:
    settings = Training(mining=Mining(C=0.01, memory=5_000_000))
    return learn_classes(
        images,
        **{"settings": settings, "usual": USUAL, "seed": 0, "progress": no_progress, "clock": Stopwatch(), **options},
    )


def test_objects_of_other_classes_are_left_out_and_labels_are_those_of_the_wanted() -> None:
    image = square_image(0)[0]

    [(seen, found)] = of_classes([(image, target(0, 1, 2, 1))], ("cat", "dog", "cow"), ("cow", "dog"))

    assert seen is image and found["labels"].tolist() == [1, 0, 1] and found["difficult"].tolist() == [0, 1, 0]
    assert found["boxes"][:, 3].tolist() == [11, 12, 11]


def test_windows_stay_with_their_image() -> None:
    windows = np.zeros((1, 4), np.float32)

    [(_, found)] = of_classes([(square_image(0)[0], {**target(0), "windows": windows})], ("cat",), ("cat",))

    assert found["windows"] is windows


def test_a_label_without_a_name_is_named() -> None:
    with pytest.raises(InputError, match="image 0: the label 2 is not one of 2 classes"):
        list(of_classes([(square_image(0)[0], target(2))], ("cat", "dog"), ("dog",)))


def test_images_without_objects_have_empty_targets() -> None:
    [(_, found)] = without_objects([square_image(0)[0]])

    assert {name: len(values) for name, values in found.items()} == {"boxes": 0, "labels": 0}


def test_the_same_images_teach_the_same(tiny_features: WindowFeatures, tmp_path: Path) -> None:
    images = images_of(("blue",), tiny_features, tmp_path)

    first, second = learn(images), learn(images)

    np.testing.assert_array_equal(first.weights, second.weights)
    assert first.calibration == second.calibration and first.weights.any() and first.offset_weights.any()


def test_classes_without_objects_are_not_learned(tiny_features: WindowFeatures, tmp_path: Path) -> None:
    images = images_of(("green", "blue"), tiny_features, tmp_path, given=("red", "blue", "green"))

    learned = learn(images)

    assert len(learned.weights) == len(learned.offset_biases) == 1
    np.testing.assert_array_equal(np.sign(learned.biases), np.sign(learned.biases[:1]))


def test_nothing_to_learn_is_named(tiny_features: WindowFeatures, tmp_path: Path) -> None:
    images = images_of(("green",), tiny_features, tmp_path, count=2, given=("red", "blue", "green"))

    with pytest.raises(InputError, match="none of 2 images has an object of a new class: green"):
        learn(images)


def test_a_single_image_teaches_and_takes_the_usual_calibration(tiny_features: WindowFeatures, tmp_path: Path) -> None:
    assert learn(images_of(("blue",), tiny_features, tmp_path, count=2)).calibration == USUAL


def test_enough_right_detections_calibrate(tiny_features: WindowFeatures, tmp_path: Path) -> None:
    calibration = learn(images_of(("red",), tiny_features, tmp_path, count=16)).calibration

    assert calibration not in (USUAL, Calibration()) and calibration.slope > 0


def test_of_many_images_one_part_calibrates(
    tiny_features: WindowFeatures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sppnet.detector.training.further_classes.FEW", 5)
    stages: list[tuple[str, int, int]] = []

    learn(images_of(("blue",), tiny_features, tmp_path, count=6), progress=lambda *report: stages.append(report))

    assert [total for stage, done, total in stages if stage == "calibration" and done == total] == [2]


def test_without_a_calibration_every_image_is_learned_from_once(tiny_features: WindowFeatures, tmp_path: Path) -> None:
    stages: list[str] = []

    learned = learn(
        images_of(("red",), tiny_features, tmp_path, count=16),
        calibrate=False,
        progress=lambda stage, done, total: stages.append(stage),
    )

    assert learned.calibration == USUAL and "calibration" not in stages and stages.count("objects") == 16


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


def test_what_cannot_be_removed_or_renamed_is_named(red: SPPNet, pooled_name: str) -> None:
    both = tuned(pooled_name, images=2)

    with pytest.raises(InputError, match="the model has no class 'blue'; it has red"):
        red.remove_class("blue")
    with pytest.raises(InputError, match="'red' is the only class of the model"):
        red.remove_class("red")
    for name in ("blue", "", " "):
        with pytest.raises(InputError, match=f"no class of the model has, not '{name}'"):
            both.rename_class("red", name)


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
