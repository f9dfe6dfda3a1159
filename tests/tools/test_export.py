"""Tests of `sppnet export`."""

from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file

from sppnet.detector import FineTuning, Pooling, SPPNet, Training, View
from sppnet.tools.cli import cli
from tests.conftest import square_image


@pytest.fixture(scope="module")
def layers(pooled_name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "layers"
    tuning = FineTuning(widths=(16, 8), reduction=4, epochs=1, images=2, windows=8)
    model = SPPNet(
        ("red", "blue"),
        backbone=pooled_name,
        weights="random",
        pooling=Pooling(scales=(96,), views=(View((1, 2)),)),
        training=Training(held_out=0),
        fine_tuning=tuning,
        scores="softmax",
    )
    model.fit([square_image(number) for number in range(4)], workers=0).save(folder)
    return folder


def test_layers_are_compressed_and_written_in_half_precision(layers: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        cli, ["export", "-m", str(layers), "-o", str(tmp_path / "small"), "--compress", "3,2", "--half"]
    )

    assert done.exit_code == 0, done.output
    model = SPPNet.load(tmp_path / "small")
    assert model.ranks == (3, 2)
    assert {tensor.dtype for tensor in load_file(tmp_path / "small" / "model.safetensors").values()} == {torch.float16}


def test_without_options_the_model_is_the_same(layers: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["export", "-m", str(layers), "-o", str(tmp_path / "same")])

    assert done.exit_code == 0, done.output
    assert (tmp_path / "same" / "model.safetensors").read_bytes() == (layers / "model.safetensors").read_bytes()


def test_a_model_is_written_for_other_programs(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["export", "-m", "voc07", "-o", str(tmp_path / "onnx"), "--format", "onnx"])

    assert done.exit_code == 0, done.output
    names = {"conv.onnx", "head.npz", "settings.json", "run.py", "README.md"}
    assert {file.name for file in (tmp_path / "onnx").iterdir()} == names


def test_options_of_a_smaller_model_are_not_for_other_programs(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["export", "-m", "voc07", "-o", str(tmp_path), "--format", "onnx", "--half"])

    assert done.exit_code == 2
    assert "--compress and --half are for --format sppnet" in done.output


def test_a_folder_of_something_else_is_not_written_to(layers: Path, tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"")

    done = CliRunner().invoke(cli, ["export", "-m", str(layers), "-o", str(tmp_path)])

    assert done.exit_code == 4
    assert "holiday.jpg" in done.output
