"""Tests of classifiers on disk: what is written, and that nothing bad is read."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from sppnet.detector import Classifier, ModelError, SPPNet
from tests.detector.classification.test_classifier import SETTINGS, TRAIN, untrained


@pytest.fixture(scope="module")
def saved(pooled_name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "model"
    untrained(pooled_name).fit(TRAIN, **{**SETTINGS, "epochs": 2}).save(folder)
    return folder


@pytest.fixture
def copy(saved: Path, tmp_path: Path) -> Path:
    for file in saved.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def test_a_classifier_is_a_folder_of_five_files(saved: Path) -> None:
    names = ["README.md", "backbone.safetensors", "config.json", "metrics.json", "model.safetensors"]

    assert sorted(file.name for file in saved.iterdir()) == names


def test_the_same_classifier_is_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    Classifier.load(saved).save(tmp_path)

    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        file.name: file.read_bytes() for file in saved.iterdir()
    }


def test_the_card_tells_classes_sizes_and_scores(saved: Path) -> None:
    card = (saved / "README.md").read_text()

    assert "| red | 20 |" in card and "2 epochs" in card
    scores = json.loads((saved / "metrics.json").read_text())["history"]["scores"]
    measured = [f"{100 * scores[size][-1]:.1f} at {size} pixels" for size in ("32", "24")]
    assert f"Held-out accuracy in percent: {'; '.join(measured)}." in card
    assert "sppnet train --backbone pooled --weights" in card


def test_a_classifier_without_metrics_can_be_saved_again(copy: Path) -> None:
    (copy / "metrics.json").unlink()

    Classifier.load(copy).save(copy)

    assert Classifier.load(copy).classes == ("red", "blue")


def test_a_detector_is_no_classifier_and_the_other_way_round(copy: Path) -> None:
    with pytest.raises(ModelError, match="is not of format"):
        SPPNet.load(copy)
    (copy / "config.json").write_text('{"format": 3}')
    with pytest.raises(ModelError, match="is not of the format 'classifier 2'"):
        Classifier.load(copy)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no such model folder"):
        Classifier.load(tmp_path / "nothing")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "backbone.safetensors"])
def test_a_missing_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()

    with pytest.raises(ModelError, match=name):
        Classifier.load(copy)


@pytest.mark.parametrize("name", ["config.json", "metrics.json", "model.safetensors", "backbone.safetensors"])
def test_a_damaged_file_is_named(copy: Path, name: str) -> None:
    (copy / name).write_bytes(b"{")

    with pytest.raises(ModelError, match=name):
        Classifier.load(copy)


@pytest.mark.parametrize(
    "change",
    [
        {"backbone": "resnet"},
        {"backbone": 5},
        {"classes": 7},
        {"classes": ["red"]},
        {"classes": ["red", "red"]},
        {"levels": [0]},
        {"levels": "1"},
        {"widths": [10**9]},
        {"widths": None},
        {"dropout": 2},
        {"side_": 0},
        {"side_": "32"},
        {"seed": -1},
        {"extra": 1},
    ],
)
def test_settings_that_do_not_fit_are_refused(copy: Path, change: dict[str, Any]) -> None:
    file = copy / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))

    with pytest.raises(ModelError):
        Classifier.load(copy)


@pytest.mark.parametrize("name", ["classes", "backbone", "levels", "widths", "dropout", "side_", "short_side_"])
def test_missing_settings_are_refused(copy: Path, name: str) -> None:
    file = copy / "config.json"
    file.write_text(json.dumps({key: value for key, value in json.loads(file.read_text()).items() if key != name}))

    with pytest.raises(ModelError, match=name):
        Classifier.load(copy)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_tensors_that_are_not_finite_are_refused(copy: Path, value: float) -> None:
    tensors = load_file(copy / "model.safetensors")
    save_file({**tensors, "0.bias": np.full_like(tensors["0.bias"], value)}, copy / "model.safetensors")

    with pytest.raises(ModelError, match=r"'0\.bias' must be finite float32"):
        Classifier.load(copy)
