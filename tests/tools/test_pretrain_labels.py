"""Tests of `sppnet pretrain` on labels: what it writes, that detectors start from it, and how it goes on."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from sppnet.detector import Classifier, load_backbone
from sppnet.tools.cli import cli
from sppnet.tools.command.shapes import write_shapes


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shapes")
    write_shapes(folder, train=6, val=2, seed=1)
    return folder


def pretrain(data: Path, output: Path, *options: str | Path) -> Result:
    arguments = [
        *("pretrain", "--data", data, "-o", output, "--backbone", "pooled", "--levels", "1,2", "--widths", "8"),
        *("--sizes", "32,24", "--epochs", "2", "--batch", "4", *options),
    ]
    return CliRunner().invoke(cli, list(map(str, arguments)))


@pytest.fixture
def folders(tmp_path: Path, pooled_name: str) -> Path:
    """Ten red images and ten blue ones."""
    for number in range(20):
        name = ("red", "blue")[number % 2]
        file = tmp_path / "colours" / name / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), name).save(file)
    return tmp_path / "colours"


def test_a_classifier_is_written_with_its_backbone_and_its_curves(folders: Path, tmp_path: Path) -> None:
    result = pretrain(folders, tmp_path / "model")

    assert result.exit_code == 0
    assert sorted(file.name for file in (tmp_path / "model").iterdir()) == [
        *("README.md", "backbone.safetensors", "config.json", "curves.png", "metrics.json", "model.safetensors")
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["colours", "model"]
    assert Classifier.load(tmp_path / "model").classes == ("blue", "red")


def test_it_tells_images_scores_and_the_next_commands(folders: Path, tmp_path: Path) -> None:
    result = pretrain(folders, tmp_path / "model")

    assert "colours: 20 images of 2 classes\nblue 10, red 10\n" in result.stderr
    assert result.stdout.startswith("learned from 20 images in ")
    assert "; accuracy of held-out images in percent: " in result.stdout
    assert " at 32 pixels, " in result.stdout and " at 24 pixels\n" in result.stdout
    assert f"--backbone pooled --weights {tmp_path / 'model' / 'backbone.safetensors'}" in result.stdout


def test_json_prints_one_object_with_the_scores_for_each_size(folders: Path, tmp_path: Path) -> None:
    result = json.loads(pretrain(folders, tmp_path / "model", "--json").stdout)

    assert result["scores"].keys() == {"32", "24"}
    assert result["metrics"]["history"]["sizes"] == [32, 24]
    assert load_backbone("pooled", result["weights"]).last.channels == 8


def test_detectors_can_start_from_the_weights(shapes: Path, tmp_path: Path, pooled_name: str) -> None:
    pretrain(shapes, tmp_path / "model", "--labels", "objects", "--background", "1")

    backbone = load_backbone(pooled_name, tmp_path / "model" / "backbone.safetensors")
    assert backbone.fingerprint() == Classifier.load(tmp_path / "model").fitted()[0].fingerprint()


def test_images_of_a_voc_folder_are_learned_with_several_labels(shapes: Path, tmp_path: Path, pooled_name: str) -> None:
    result = pretrain(shapes, tmp_path / "model", "--labels", "image", "--widths", "none")

    assert "6 images, the split train" in result.stderr
    assert "mean average precision of held-out images" not in result.stdout  # a tenth of six is none
    model = Classifier.load(tmp_path / "model")
    assert model.multi_label and model.widths == ()


def test_sizes_can_be_drawn_at_random(folders: Path, tmp_path: Path) -> None:
    result = json.loads(pretrain(folders, tmp_path / "model", "--schedule", "random", "--json").stdout)

    assert set(result["metrics"]["history"]["sizes"]) <= set(range(24, 33))


def test_an_interruption_keeps_the_state_and_says_how_to_go_on(
    folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: Classifier, train: object, *, checkpoints: Path, **_options: object) -> None:
        checkpoints.mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(Classifier, "fit", interrupted)

    result = pretrain(folders, tmp_path / "model")

    assert result.exit_code == 130
    assert "the same command goes on from the state in" in result.stderr
    assert (tmp_path / "model.cache").is_dir()


def test_a_cache_of_ones_own_is_kept(folders: Path, tmp_path: Path) -> None:
    pretrain(folders, tmp_path / "model", "--cache", tmp_path / "mine")

    assert len(list((tmp_path / "mine").iterdir())) == 1


def test_an_older_model_is_replaced_and_other_folders_are_left_alone(folders: Path, tmp_path: Path) -> None:
    pretrain(folders, tmp_path / "model")

    assert pretrain(folders, tmp_path / "model").exit_code == 0
    assert pretrain(folders, folders).exit_code == 4


def test_a_broken_image_ends_a_strict_training_and_is_left_out_of_a_lenient_one(folders: Path, tmp_path: Path) -> None:
    (folders / "red" / "4.png").write_bytes(b"")

    assert pretrain(folders, tmp_path / "model").exit_code == 3
    result = pretrain(folders, tmp_path / "model", "--lenient", "--json")
    assert result.exit_code == 5
    assert json.loads(result.stdout)["metrics"]["images"] == 19


@pytest.mark.parametrize(
    "options",
    [
        ("--sizes", "0"),
        ("--widths", "x"),
        ("--held-out", "1"),
        ("--labels", "none"),
        ("--learning-rate", "0"),
        ("--split", "a"),
    ],
)
def test_options_out_of_range_are_wrong_usage(folders: Path, tmp_path: Path, options: tuple[str, str]) -> None:
    assert pretrain(folders, tmp_path / "model", *options).exit_code == 2
