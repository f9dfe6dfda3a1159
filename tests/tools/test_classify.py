"""Tests of `sppnet classify`: the best classes of images, and the scores on labelled ones."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from sppnet.tools.cli import cli
from sppnet.tools.command.shapes import write_shapes
from tests.detector.classification.test_classifier import SETTINGS, TRAIN, untrained
from tests.detector.classification.test_multisize import shape_image


@pytest.fixture(scope="module")
def model(pooled_name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier of red and blue shapes."""
    folder = tmp_path_factory.mktemp("models") / "model"
    untrained(pooled_name).fit(TRAIN, **SETTINGS).save(folder)
    return folder


@pytest.fixture(scope="module")
def several(pooled_name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier that has learned several labels."""
    folder = tmp_path_factory.mktemp("models") / "several"
    examples = [(image, np.eye(4, dtype=np.int8)[label] * 2 - 1) for image, label in TRAIN]
    classes = ("disc", "ring", "square", "triangle")
    untrained(pooled_name, classes=classes, multi_label=True).fit(examples, **{**SETTINGS, "epochs": 1}).save(folder)
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five images of red shapes and five of blue ones."""
    root = tmp_path_factory.mktemp("folders")
    for number in range(200, 210):
        image, label = shape_image(number)
        file = root / ("red", "blue")[label] / f"{number}.png"
        file.parent.mkdir(exist_ok=True)
        Image.fromarray(image).save(file)
    return root


def classify(model: Path, *arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["classify", "-m", str(model), *map(str, arguments)])


def test_the_best_classes_are_printed_with_their_scores(model: Path, folders: Path) -> None:
    head, first, second = classify(model, folders / "red" / "200.png").stdout.splitlines()

    assert head.startswith(f"[1/1] {folders / 'red' / '200.png'} 40x30, ms: read ")
    assert first.split()[0] == "red" and second.split()[0] == "blue"
    assert float(first.split()[1]) + float(second.split()[1]) == pytest.approx(1, abs=0.002)


def test_only_as_many_classes_as_asked_for_are_told(model: Path, folders: Path) -> None:
    assert len(classify(model, folders / "red" / "200.png", "--top", "1").stdout.splitlines()) == 2


@pytest.mark.parametrize("framing", ["full", "ten", "maps"])
def test_folders_are_classified_in_all_views_and_sizes(model: Path, folders: Path, framing: str) -> None:
    result = json.loads(classify(model, folders / "blue", "--framing", framing, "--size", "48", "--json").stdout)

    assert [record["classes"][0]["label"] for record in result["images"]] == ["blue"] * 5
    assert result["skipped"] == []


def test_a_broken_image_is_skipped_and_reported(model: Path, folders: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"")

    result = classify(model, folders / "red" / "200.png", tmp_path / "broken.png", "--json")

    assert result.exit_code == 5
    assert len(json.loads(result.stdout)["images"]) == 1
    assert "broken.png" in json.loads(result.stdout)["skipped"][0]["image"]


def test_nothing_but_broken_images_exits_with_3(model: Path, tmp_path: Path) -> None:
    assert classify(model, tmp_path / "nowhere.png").exit_code == 3


def test_labelled_folders_are_scored_at_every_size(model: Path, folders: Path) -> None:
    result = json.loads(classify(model, "--data", folders, "--sizes", "48,24", "--json").stdout)

    assert result["images"] == 10
    assert [row["size"] for row in result["results"]] == [24, 48]
    assert min(row["top1"] for row in result["results"]) >= 0.9
    assert [row["top5"] for row in result["results"]] == [1, 1]


def test_scores_are_a_table_and_a_plot(model: Path, folders: Path, tmp_path: Path) -> None:
    result = classify(model, "--data", folders, "--sizes", "24,32", "--plot", tmp_path / "sizes.png")

    assert "top-1 accuracy" in result.stdout and "10 images" in result.stdout
    assert (tmp_path / "sizes.png").read_bytes().startswith(b"\x89PNG")


def test_the_size_is_that_of_the_training_if_none_is_given(model: Path, folders: Path) -> None:
    [full] = json.loads(classify(model, "--data", folders, "--json").stdout)["results"]
    [ten] = json.loads(classify(model, "--data", folders, "--json", "--framing", "ten").stdout)["results"]

    assert (full["size"], ten["size"]) == (37, 32)


def test_several_labels_are_scored_by_average_precision(several: Path, tmp_path: Path) -> None:
    write_shapes(tmp_path, train=1, val=4, seed=3)

    result = json.loads(classify(several, "--data", tmp_path, "--size", "32", "--json").stdout)

    assert result["images"] == 4
    assert result["results"][0]["AP"].keys() == {"disc", "ring", "square", "triangle"}
    assert 0 <= result["results"][0]["mAP"] <= 1


def test_labels_that_were_not_learned_are_wrong_usage(several: Path, folders: Path) -> None:
    result = classify(several, "--data", folders, "--labels", "folders")

    assert result.exit_code == 2
    assert "the model has learned all classes that an image shows" in result.stderr


def test_classes_that_the_model_does_not_know_are_named(model: Path, folders: Path, tmp_path: Path) -> None:
    (tmp_path / "green").mkdir()

    result = classify(model, "--data", tmp_path)

    assert result.exit_code == 3
    assert "green: unknown class, the classes are red, blue" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [(), ("a", "--data", "b"), ("a", "--sizes", "2,3"), ("a", "--plot", "b.png"), ("--data", "b", "--plot", "b.png")],
)
def test_what_does_not_go_together_is_wrong_usage(model: Path, arguments: tuple[str, ...]) -> None:
    assert classify(model, *arguments).exit_code == 2


def test_a_missing_model_exits_with_4(tmp_path: Path) -> None:
    assert classify(tmp_path / "nowhere", "a.png").exit_code == 4
