"""Tests of `sppnet demo`: the bundled model on the photograph, and the training on drawn shapes."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.cbook import get_sample_data
from PIL import Image

from sppnet.data import read_image
from sppnet.detector import SPPNet
from sppnet.tools.cli import cli
from tests.stand_in import StandIn

FACE = (180, 120, 350, 310)  # of the officer in the photograph, roughly


@pytest.fixture(scope="module")
def bundled() -> SPPNet:
    return SPPNet.load("voc07")


def test_the_demo_finds_the_officer_and_draws_her(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["demo", "-o", str(tmp_path)])

    assert result.exit_code == 0, result.stderr
    assert "person" in result.stdout
    assert "proposals" in result.stdout and "conv" in result.stdout
    with Image.open(tmp_path / "detections.jpg") as picture:
        assert picture.size == (512, 600)


def test_the_bundled_model_sees_a_person_around_the_face(bundled: SPPNet) -> None:
    photograph = read_image(Path(str(get_sample_data("grace_hopper.jpg", asfileobj=False))))

    [found] = bundled.predict([photograph], confidence=0.5)

    best = found["scores"].argmax()
    left, top, right, bottom = found["boxes"][best]
    assert bundled.classes[found["labels"][best]] == "person"
    assert left < FACE[0] and top < FACE[1] and right > FACE[2] and bottom > FACE[3]


def test_the_bundled_model_knows_the_classes_of_voc(bundled: SPPNet) -> None:
    assert len(bundled.classes) == 20
    assert list(bundled.classes) == sorted(bundled.classes)


def test_the_bundled_model_sees_nothing_in_noise(bundled: SPPNet) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3)).astype(np.uint8)

    [found] = bundled.predict([noise], confidence=0.5)

    assert len(found["boxes"]) == 0


def test_what_is_bundled_is_small_and_says_where_it_comes_from() -> None:
    from sppnet import detector

    folder = Path(detector.__file__).parent / "models"
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) <= 20_000_000
    card, small = ((folder / name / "README.md").read_text() for name in ("voc07", "voc07-small"))
    for word in ("trainval", "Teacher", "sppnet pretrain", "sppnet train", "seed", "mAP", "Limits"):
        assert word in small
    for word in ("`train`", "Google", "Apache-2.0", "sppnet train", "seed", "mAP", "Limits"):
        assert word in card
    assert json.loads((folder / "voc07-small" / "config.json").read_text())["trunk"] == "small"  # the word of format 3


def test_with_train_it_learns_shapes_and_saves_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sppnet.detector.SPPNet", StandIn)
    monkeypatch.setattr("sppnet.detector.load_detector", StandIn.load)

    result = CliRunner().invoke(cli, ["demo", "--train", "-o", str(tmp_path)])

    assert result.exit_code == 0, result.stderr
    assert "80 pictures of disc, ring, square, triangle" in result.stderr
    assert {"detections.jpg", "model", "shapes", "unseen.png"} <= {path.name for path in tmp_path.iterdir()}
