"""Tests of the classifier: it learns, at several sizes, one label or several, and gives its conv layers away."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from sppnet.detector import Classifier, InputError, ModelError, load_backbone
from sppnet.detector.classification.framings import Framing
from tests.detector.classification.test_multisize import shape_image

TRAIN = [shape_image(number) for number in range(40)]
TEST = [shape_image(number)[0] for number in range(100, 112)]
SETTINGS: dict[str, Any] = {"sizes": (32, 24), "epochs": 8, "batch": 8, "learning_rate": 1e-2}


def untrained(name: str, **settings: Any) -> Classifier:
    usual = {"classes": ("red", "blue"), "backbone": name, "levels": (1, 2), "widths": (16,)}
    return Classifier(**{**usual, **settings})


@pytest.fixture(scope="module")
def fitted(pooled_name: str) -> Classifier:
    return untrained(pooled_name).fit(TRAIN, **SETTINGS)


def share_right(classifier: Classifier, **options: Any) -> float:
    found = np.stack(classifier.predict(TEST, **options))
    return float((found.argmax(axis=1) == np.arange(12) % 2).mean())


@pytest.mark.parametrize("size", [20, 28, 64])
def test_shapes_are_told_apart_at_any_size(fitted: Classifier, size: int) -> None:
    assert share_right(fitted, size=size) >= 0.9


@pytest.mark.parametrize("framing", ["full", "ten", "maps"])
def test_shapes_are_told_apart_in_all_framings(fitted: Classifier, framing: Framing) -> None:
    assert share_right(fitted, framing=framing) >= 0.9


def test_no_images_have_no_scores(fitted: Classifier) -> None:
    assert fitted.predict([]) == []


@pytest.mark.parametrize("size", [(30, 40), (1, 1), (1, 4000), (300, 2)])
@pytest.mark.parametrize("framing", ["full", "ten", "maps"])
def test_the_scores_of_an_image_of_any_shape_are_probabilities(
    fitted: Classifier, size: tuple[int, int], framing: Framing
) -> None:
    [scores] = fitted.predict([np.full((*size, 3), 128, np.uint8)], framing=framing)

    assert scores.dtype == np.float32 and scores.shape == (2,) and (scores >= 0).all()
    assert scores.sum() == pytest.approx(1)


def test_the_metrics_tell_images_labels_and_history(fitted: Classifier) -> None:
    metrics = fitted.metrics_

    assert metrics["images"] == 40 and metrics["labels"] == {"red": 20, "blue": 20}
    assert metrics["history"]["sizes"] == [32, 24] * 4
    assert metrics["history"]["scores"].keys() == {"32", "24"} and metrics["quality"] == "accuracy"
    assert metrics["seconds"].keys() == {"training"}


def test_a_single_size_and_random_sizes_are_trained_at_too(pooled_name: str) -> None:
    settings = {**SETTINGS, "epochs": 2}

    single = untrained(pooled_name).fit(TRAIN, **{**settings, "sizes": (32,)})
    drawn = untrained(pooled_name).fit(TRAIN, **settings, schedule="random")

    assert single.metrics_["history"]["sizes"] == [32, 32]
    assert set(drawn.metrics_["history"]["sizes"]) <= set(range(24, 33))


def test_crops_are_cut_out_of_images_an_eighth_larger(fitted: Classifier) -> None:
    assert (fitted.side_, fitted.short_side_) == (32, 37)


def test_several_labels_are_learned_although_some_are_left_out(pooled_name: str) -> None:
    def labels(number: int) -> npt.NDArray[np.int8]:
        shown = np.full(2, -1, np.int8)
        shown[number % 2] = 0 if number % 5 == 0 else 1
        return shown

    examples = [(image, labels(number)) for number, (image, _) in enumerate(TRAIN)]

    def mean_score(scores: npt.NDArray[np.float32], marks: npt.NDArray[np.int8]) -> float:
        return float(scores[marks > 0].mean())

    classifier = untrained(pooled_name, multi_label=True).fit(examples, quality=mean_score, **SETTINGS)

    assert share_right(classifier) >= 0.9
    assert classifier.metrics_["labels"] == {"red": 16, "blue": 16}
    assert classifier.metrics_["quality"] == "mean score"
    assert classifier.metrics_["history"]["scores"]["32"][-1] > 0.9  # before the sigmoid


def test_random_conv_layers_come_out_without_normalisation(fitted: Classifier, pooled_name: str) -> None:
    names = fitted.fitted()[0].layers.state_dict().keys()

    assert names == load_backbone(pooled_name, "random").layers.state_dict().keys()


def test_a_fitted_classifier_trains_anew(pooled_name: str) -> None:
    settings = {**SETTINGS, "epochs": 1}
    once, twice = (untrained(pooled_name).fit(TRAIN, **settings) for _ in range(2))

    twice.fit(TRAIN, **settings)

    np.testing.assert_array_equal(np.stack(once.predict(TEST)), np.stack(twice.predict(TEST)))


def test_a_training_goes_on_where_it_was_interrupted(pooled_name: str, tmp_path: Path, fitted: Classifier) -> None:
    def interrupt(stage: str, done: int, total: int) -> None:
        if done == 13:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        untrained(pooled_name).fit(TRAIN, **SETTINGS, checkpoints=tmp_path, progress=interrupt)
    classifier = untrained(pooled_name).fit(TRAIN, **SETTINGS, checkpoints=tmp_path)

    np.testing.assert_array_equal(np.stack(classifier.predict(TEST)), np.stack(fitted.predict(TEST)))


def test_a_saved_classifier_comes_back(fitted: Classifier, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model")
    loaded = Classifier.load(tmp_path / "model")

    assert vars(loaded).keys() == vars(fitted).keys()
    assert (loaded.classes, loaded.levels, loaded.side_, loaded.short_side_) == (("red", "blue"), (1, 2), 32, 37)
    assert loaded.metrics_ == fitted.metrics_
    np.testing.assert_array_equal(np.stack(loaded.predict(TEST)), np.stack(fitted.predict(TEST)))


def test_a_loaded_classifier_learns_on_from_its_conv_layers(fitted: Classifier, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    loaded = Classifier.load(tmp_path).fit(TRAIN, **{**SETTINGS, "epochs": 1, "learning_rate": 1e-9})

    before, after = (model.fitted()[0].layers.state_dict() for model in (fitted, loaded))
    for name, tensor in before.items():
        np.testing.assert_allclose(after[name], tensor, atol=1e-6)


def test_the_conv_layers_weights_are_those_of_a_backbone(fitted: Classifier, pooled_name: str, tmp_path: Path) -> None:
    fitted.backbone_weights(tmp_path / "weights.safetensors")

    backbone = load_backbone(pooled_name, tmp_path / "weights.safetensors")
    assert backbone.fingerprint() == fitted.fitted()[0].fingerprint()


def test_a_weights_file_must_be_named_like_one(fitted: Classifier, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"must end in \.safetensors"):
        fitted.backbone_weights(tmp_path / "weights.pth")


def test_a_weights_file_that_cannot_be_written_is_named(fitted: Classifier, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ModelError, match=r"file.*the weights cannot be written"):
        fitted.backbone_weights(tmp_path / "file" / "weights.safetensors")


def test_an_untrained_classifier_says_so(pooled_name: str) -> None:
    with pytest.raises(ModelError, match="has not been trained"):
        untrained(pooled_name).predict(TEST)


@pytest.mark.parametrize("size", [0, -5, 8])
def test_a_size_without_a_cell_is_refused(fitted: Classifier, size: int) -> None:
    with pytest.raises(InputError, match=f"the size must be at least 9 pixels for pooled, not {size}"):
        fitted.predict(TEST, size=size)


def test_a_size_without_a_cell_is_refused_before_the_training(pooled_name: str) -> None:
    with pytest.raises(InputError, match="the size must be at least 9 pixels"):
        untrained(pooled_name).fit(TRAIN, sizes=(32, 8))


@pytest.mark.parametrize("settings", [{"held_out": 1.0}, {"workers": 0}])
def test_a_training_without_images_or_workers_is_refused(pooled_name: str, settings: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="a training needs images, workers"):
        untrained(pooled_name).fit(TRAIN, **settings)


def test_no_images_are_refused(pooled_name: str) -> None:
    with pytest.raises(InputError, match="not 0 images"):
        untrained(pooled_name).fit([])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"classes": ()}, "classes must be different names"),
        ({"classes": ("a", "a")}, "classes must be different names"),
        ({"levels": ()}, "levels must be one or more"),
        ({"widths": (0,)}, "widths must be positive"),
        ({"dropout": 1.0}, "dropout must be from 0 to below 1"),
        ({"seed": -1}, "seed must not be negative"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Classifier(**{"classes": ("a", "b"), **settings})
