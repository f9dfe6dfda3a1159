"""Tests of the comparison of what inference can add."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sppnet.data import VOC
from sppnet.detector import Mining, Pooling, SPPNet, Training
from sppnet.proposals import SelectiveSearch
from sppnet.tools.benchmarks.testing import command
from sppnet.tools.command.shapes import write_shapes


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, pooled_name: str) -> Path:
    """Return a folder with drawn shapes, and a model of them."""
    folder = tmp_path_factory.mktemp("testing")
    write_shapes(folder / "shapes", train=4, val=3, seed=1)
    train = VOC(folder / "shapes", "train")
    settings = Training(mining=Mining(C=0.01, memory=5_000_000), held_out=0)
    model = SPPNet(train.classes, backbone=pooled_name, weights="random", pooling=Pooling((96,)), training=settings,
                   search=SelectiveSearch(limit=30))  # fmt: skip
    model.fit([train[number] for number in range(len(train))], workers=0).save(folder / "model")
    return folder


def bench(folder: Path, *options: str) -> Result:
    arguments = ["-m", str(folder / "model"), "--data", str(folder / "shapes"), "--scales", "64,96", *options]
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_every_variant_has_its_precision_and_its_time(folder: Path) -> None:
    result = json.loads(bench(folder, "--limit", "2", "--json").stdout)

    assert result["images"] == 2
    assert list(result["variants"]) == [
        *("as trained", "scales 64, 96", "mirror image", "soft suppression", "voting"),
        *("soft suppression and voting", "all"),
    ]
    assert all(0 <= scored["mAP"] <= 1 and scored["milliseconds"] > 0 for scored in result["variants"].values())


def test_it_is_a_table(folder: Path) -> None:
    result = bench(folder, "--only", "mirror")

    assert "mirror image" in result.stdout and "voting" not in result.stdout and "3 images of val" in result.stdout


def test_the_first_images_can_be_left_out(folder: Path) -> None:
    assert json.loads(bench(folder, "--only", "trained", "--skip", "1", "--json").stdout)["images"] == 2
