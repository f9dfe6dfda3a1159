"""Tests of learning classes that a detector does not know, on squares."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sppnet.detector.errors import InputError
from sppnet.detector.pooling.features import WindowFeatures
from sppnet.detector.scoring.calibration import Calibration
from sppnet.detector.timing import Stopwatch
from sppnet.detector.training.further_classes import learn_classes, of_classes, without_objects
from sppnet.detector.training.images import TrainingImages
from sppnet.detector.training.mining import Mining
from sppnet.detector.training.settings import Training
from sppnet.detector.types import Target
from sppnet.proposals import SelectiveSearch
from tests.conftest import no_progress, square_image, windows_near, with_windows

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
