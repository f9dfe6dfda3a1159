"""Tests of the comparison of trainings at one size and at several."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sppnet.data import VOC
from sppnet.detector import Classifier
from sppnet.tools.benchmarks.sizes import command
from sppnet.tools.command.shapes import write_shapes


@pytest.fixture
def shapes(tmp_path: Path, pooled_name: str) -> Path:
    write_shapes(tmp_path / "shapes", train=4, val=2, seed=1)
    return tmp_path / "shapes"


def bench(data: Path, *options: str | Path) -> Result:
    arguments = [
        *("--data", data, "--backbone", "pooled", "--levels", "1,2", "--widths", "8", "--batch", "4", "--epochs", "2"),
        *("--sizes", "32,24", "--test-sizes", "40,24,32", "--cache", data.parent / "cache", *options),
    ]
    return CliRunner().invoke(command, list(map(str, arguments)))


def test_both_trainings_are_tested_at_every_size(shapes: Path) -> None:
    result = json.loads(bench(shapes, "--labels", "objects", "--json").stdout)

    assert result["trained"].keys() == result["seconds"].keys() == {"32", "32 and 24"}
    assert [row["size"] for row in result["trained"]["32"]] == [24, 32, 40]
    assert all(0 <= row["top1"] <= row["top5"] for rows in result["trained"].values() for row in rows)


def test_it_is_a_table_and_a_plot_and_two_classifiers(shapes: Path, tmp_path: Path) -> None:
    output = ("--plot", tmp_path / "sizes.png", "-o", tmp_path / "classifiers")
    result = bench(shapes, "--labels", "image", "--test-limit", "1", *output)

    assert result.exit_code == 0
    assert "mAP, 11 points" in result.stdout and "training at 32 and 24: " in result.stdout
    assert (tmp_path / "sizes.png").read_bytes().startswith(b"\x89PNG")
    for name in ("32", "32-and-24"):
        assert Classifier.load(tmp_path / "classifiers" / name).classes == VOC(shapes, split="train").classes


def test_class_folders_need_others_to_test_on(shapes: Path) -> None:
    result = bench(shapes)

    assert result.exit_code == 2
    assert "name them with --test" in result.stderr
