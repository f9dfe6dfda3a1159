"""The whole way as a user goes it: train on drawn shapes in a process of its own, evaluate, detect."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sppnet.tools.cli import cli
from sppnet.tools.command.shapes import write_shapes
from tests.tools.test_cli import heavy_imports


def sppnet(*arguments: str | Path) -> dict[str, Any]:
    """Run the command with --json and return what it prints."""
    done = CliRunner().invoke(cli, [*map(str, arguments), "--json"])
    assert done.exit_code == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("end-to-end") / "shapes"
    write_shapes(folder, train=24, val=6)
    return folder


@pytest.fixture(scope="module")
def model(shapes: Path) -> Path:
    folder = shapes.parent / "model"
    options = ["--backbone", "zf5", "--weights", "random", "--scales", "240", "--C", "0.1", "--workers", "2"]
    subprocess.run([sys.executable, "-m", "sppnet", "train", "--data", shapes, "-o", folder, *options], check=True)
    return folder


def test_a_trained_model_finds_most_of_what_it_learned_from(model: Path, shapes: Path) -> None:
    result = sppnet("eval", "-m", model, "--data", shapes, "--split", "train", "--limit", "12")

    assert result["images"] == 12
    assert result["metrics"]["voc07"]["mAP"] > 0.5


@pytest.mark.parametrize("bundled", [False, True])
def test_detection_on_a_cpu_does_without_torch(model: Path, shapes: Path, tmp_path: Path, bundled: bool) -> None:
    picture = shapes / "JPEGImages" / "000030.jpg"
    chosen: list[str | Path] = [] if bundled else ["-m", model]

    imported = heavy_imports(["detect", picture, *chosen, "-o", tmp_path, "--device", "cpu"])

    assert imported == {"numba", "cv2"}


def test_an_unseen_picture_is_annotated(model: Path, shapes: Path, tmp_path: Path) -> None:
    picture = shapes / "JPEGImages" / "000030.jpg"

    result = sppnet("detect", picture, "-m", model, "-o", tmp_path, "--conf", "0")

    assert result["images"][0]["detections"][0]["label"] in {"disc", "ring", "square", "triangle"}
    assert (tmp_path / "000030.jpg").stat().st_size > 1000
