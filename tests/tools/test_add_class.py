"""Tests of `sppnet add-class`, on drawn shapes."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from sppnet.data import open_data
from sppnet.detector import Mining, Pooling, SPPNet, Training, load_detector
from sppnet.proposals import SelectiveSearch
from sppnet.tools.cli import cli
from sppnet.tools.command.shapes import write_shapes


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shapes") / "shapes"
    write_shapes(folder, train=8, val=2, seed=3)
    return folder


@pytest.fixture(scope="module")
def model(shapes: Path, pooled_name: str) -> Path:
    """A model that knows all shapes but discs."""
    data = open_data(shapes, "train")
    network = SPPNet(
        data.classes,
        backbone=pooled_name,
        weights="random",
        pooling=Pooling(scales=(96,)),
        training=Training(mining=Mining(C=0.1), held_out=0),
        search=SelectiveSearch(limit=100),
    )
    network.fit(data, workers=0).remove_class("disc").save(shapes.parent / "model")
    return shapes.parent / "model"


def add(model: Path, shapes: Path, *options: str | Path) -> Result:
    arguments = ["add-class", model, "--data", shapes, "-o", shapes.parent / "more", *options]
    return CliRunner().invoke(cli, list(map(str, arguments)))


def test_a_class_is_added(model: Path, shapes: Path) -> None:
    done = add(model, shapes)

    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("learned disc from ") and "in 8 images in" in done.stdout
    old, new = load_detector(model), load_detector(shapes.parent / "more")
    assert new.classes == ("ring", "square", "triangle", "disc")
    np.testing.assert_array_equal(new.fitted()[1].weights[:3], old.fitted()[1].weights)


def test_negatives_and_json(model: Path, shapes: Path, tmp_path: Path) -> None:
    for number in range(2):
        Image.new("RGB", (120, 90), (40 * number, 90, 90)).save(tmp_path / f"{number}.png")

    done = add(model, shapes, "--negatives", tmp_path, "--limit", "6", "--json")

    assert done.exit_code == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["classes"] == ["ring", "square", "triangle", "disc"] and result["added"]["images"] == 8
    assert list(result["added"]["objects"]) == ["disc"]


def test_a_broken_negative_is_named_or_left_out(model: Path, shapes: Path, tmp_path: Path) -> None:
    Image.new("RGB", (120, 90)).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"")

    strict, lenient = (add(model, shapes, "--negatives", tmp_path, *options) for options in ((), ("--lenient",)))

    assert strict.exit_code == 3 and "bad.png" in strict.stderr
    assert lenient.exit_code == 5 and "bad.png" in lenient.stderr


def test_classes_that_are_known_are_no_news(shapes: Path, model: Path, tmp_path: Path) -> None:
    add(model, shapes)

    done = add(shapes.parent / "more", shapes, "-o", tmp_path / "again")

    assert done.exit_code == 3 and "the model has all classes of these images already" in done.stderr
    assert not (tmp_path / "again").exists()


def test_a_folder_of_something_else_is_not_written_to(model: Path, shapes: Path) -> None:
    done = add(model, shapes, "-o", shapes)

    assert done.exit_code == 4 and "which is no part of a model" in done.stderr
