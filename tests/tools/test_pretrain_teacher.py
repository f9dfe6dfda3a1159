"""Tests of `sppnet pretrain --teacher`: the weights it makes, what it removes, its refusals."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from safetensors.torch import save_file

from sppnet.detector import load_backbone, save_weights
from sppnet.tools.cli import cli
from sppnet.tools.command.progress import Progress
from sppnet.tools.command.shapes import write_shapes

QUICK = ("--steps", "2", "--batch", "2", "--sizes", "64", "--scales", "64,96", "--device", "cpu")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights of SqueezeNet in a file that asks for Caffe's preprocessing."""
    file = tmp_path_factory.mktemp("teacher") / "teacher.safetensors"
    teacher = load_backbone("squeezenet1_1", "random", preprocessing="caffe")
    save_weights(file, teacher.layers, teacher.preprocessing, {})
    return file


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    write_shapes(tmp_path / "shapes", train=3, val=1)
    return tmp_path / "shapes"


def pretrain(shapes: Path, teacher: Path, *options: str | Path) -> Result:
    output = shapes.parent / "small.safetensors"
    arguments = ["pretrain", "--data", shapes, "--teacher", teacher, "-o", output, *QUICK, *options]
    return CliRunner().invoke(cli, list(map(str, arguments)))


def interrupt_after(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    def interrupted(self: Progress, stage: str, done: int, total: int) -> None:
        if done == step:
            raise KeyboardInterrupt

    monkeypatch.setattr(Progress, "__call__", interrupted)


def test_the_weights_are_loaded_with_the_teachers_preprocessing(shapes: Path, weights: Path) -> None:
    result = pretrain(shapes, weights)

    assert result.exit_code == 0
    backbone = load_backbone("small", shapes.parent / "small.safetensors")
    assert backbone.preprocessing == load_backbone("squeezenet1_1", weights).preprocessing
    assert f"sppnet train --backbone small --weights {shapes.parent / 'small.safetensors'}" in result.stdout


def test_weights_and_picture_are_left_and_nothing_else(shapes: Path, weights: Path) -> None:
    pretrain(shapes, weights)

    assert sorted(file.name for file in shapes.parent.iterdir()) == ["shapes", "small.png", "small.safetensors"]


def test_json_prints_one_object(shapes: Path, weights: Path) -> None:
    printed = json.loads(pretrain(shapes, weights, "--json").stdout)

    assert printed["weights"].endswith("small.safetensors")
    assert printed["history"]["steps"] == [2] and len(printed["history"]["losses"]) == 1


def test_an_interruption_says_how_to_go_on_and_changes_no_bit(
    shapes: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = shapes.parent / "small.safetensors"
    pretrain(shapes, weights)
    expected = output.read_bytes()
    output.unlink()

    with monkeypatch.context() as patch:
        interrupt_after(patch, 2)
        interrupted = pretrain(shapes, weights)

    assert interrupted.exit_code == 130
    assert "the same command goes on from the checkpoint" in interrupted.stderr
    assert any((shapes.parent / "small.safetensors.cache").iterdir()) and not output.exists()
    assert pretrain(shapes, weights).exit_code == 0
    assert output.read_bytes() == expected


def test_a_cache_of_ones_own_is_kept(shapes: Path, weights: Path, tmp_path: Path) -> None:
    pretrain(shapes, weights, "--cache", tmp_path / "mine")

    assert any((tmp_path / "mine").iterdir())


def test_any_folder_of_images_will_do(shapes: Path, weights: Path) -> None:
    (shapes / "JPEGImages").rename(shapes / "photos")

    assert "4 images" in pretrain(shapes, weights).stderr


def test_the_backbone_of_a_model_can_be_the_teacher(shapes: Path, weights: Path, tmp_path: Path) -> None:
    backbone, model = load_backbone("squeezenet1_1", weights), tmp_path / "model"
    model.mkdir()
    tensors = {f"backbone.{name}": tensor.contiguous() for name, tensor in backbone.layers.state_dict().items()}
    save_file(tensors, model / "model.safetensors")
    described = {"format": 4, "backbone": backbone.name, "preprocessing": asdict(backbone.preprocessing)}
    (model / "config.json").write_text(json.dumps(described))

    result = pretrain(shapes, model, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) | {"seconds": 0} == json.loads(pretrain(shapes, weights, "--json").stdout) | {
        "seconds": 0
    }


def test_a_folder_without_images_is_bad_data(shapes: Path, weights: Path) -> None:
    (shapes.parent / "empty").mkdir()

    result = pretrain(shapes, weights, "--data", shapes.parent / "empty")

    assert (result.exit_code, "empty: there are no images in it" in result.stderr) == (3, True)


def test_a_missing_teacher_is_named(shapes: Path) -> None:
    result = pretrain(shapes, shapes / "none.safetensors")

    assert (result.exit_code, "none.safetensors: there is no such weights file" in result.stderr) == (4, True)


def test_a_folder_that_is_no_model_is_named(shapes: Path) -> None:
    result = pretrain(shapes, shapes)

    assert (result.exit_code, "config.json: is missing, so this is no model" in result.stderr) == (4, True)


def test_a_teacher_of_another_backbone_is_named(shapes: Path, weights: Path) -> None:
    result = pretrain(shapes, weights, "--teacher-backbone", "alexnet")

    assert (result.exit_code, "the tensor '0.weight' must have the shape" in result.stderr) == (4, True)


def test_a_broken_image_ends_a_strict_training(shapes: Path, weights: Path) -> None:
    (shapes / "JPEGImages" / "000002.jpg").write_bytes(b"")

    result = pretrain(shapes, weights)

    assert (result.exit_code, "000002.jpg: the file is empty" in result.stderr) == (3, True)


def test_a_broken_image_is_left_out_of_a_lenient_training(shapes: Path, weights: Path) -> None:
    (shapes / "JPEGImages" / "000002.jpg").write_bytes(b"")

    result = pretrain(shapes, weights, "--lenient")

    assert result.exit_code == 5
    assert "2 images" in result.stderr and "000002.jpg: the file is empty: left out" in result.stderr


@pytest.mark.parametrize(
    "options", [("-o", "weights.pth"), ("--sizes", "64,x"), ("--learning-rate", "0"), ("--steps", "0")]
)
def test_wrong_usage_exits_with_2(shapes: Path, weights: Path, options: tuple[str, str]) -> None:
    assert pretrain(shapes, weights, *options).exit_code == 2


def test_the_weights_hold_how_they_were_made(shapes: Path, weights: Path) -> None:
    from safetensors import safe_open

    pretrain(shapes, weights)

    with safe_open(shapes.parent / "small.safetensors", "pt") as opened:
        metadata = opened.metadata()
        assert opened.get_tensor("features.0.weight").dtype == torch.float16
    assert (metadata["backbone"], metadata["teacher"]) == ("small", "squeezenet1_1")
    assert json.loads(metadata["history"])["steps"] == [2]
