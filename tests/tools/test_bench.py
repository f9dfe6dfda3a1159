"""Tests of `sppnet bench`: a whole race of a tiny model on two drawn pictures, and wrong usage."""

import json
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from click.testing import CliRunner, Result

from sppnet.detector import Pooling, SPPNet
from sppnet.detector.backbone.backbone import Backbone
from sppnet.detector.pooling.features import WindowFeatures
from sppnet.proposals import SelectiveSearch
from sppnet.tools.cli import cli
from sppnet.tools.command.shapes import write_shapes
from sppnet.tools.reports.laps import Rates
from tests.tools.benchmarks.test_floors import scorer

CLASSES = ("disc", "ring", "square", "triangle")


@pytest.fixture
def shapes(tmp_path: Path, tiny_backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three pictures; every model that is loaded is a tiny one with weights of zero."""

    class Tiny(SPPNet):
        @classmethod
        def load(cls, folder: Path | str, *, device: str = "cpu", engine: str = "auto") -> Self:
            network = cls(CLASSES, search=SelectiveSearch(limit=4))
            network._fitted = WindowFeatures(tiny_backbone, Pooling(scales=(96,))), scorer(4, 400)
            return network

    monkeypatch.setattr("sppnet.detector.load_detector", Tiny.load)
    monkeypatch.setattr("sppnet.tools.benchmarks.floors.measure_rates", lambda *_, device: Rates({"float32": 1e9}, 1e9))
    write_shapes(tmp_path / "shapes", train=1, val=3, seed=2)
    return tmp_path / "shapes"


def bench(shapes: Path, *options: str) -> Result:
    arguments = ["bench", "-m", "tiny", "--data", str(shapes), "--device", "cpu", "--detectors", "none"]
    return CliRunner().invoke(cli, [*arguments, *options])


def test_a_race_prints_one_object(shapes: Path) -> None:
    result = bench(shapes, "--images", "2", "--rcnn-images", "1", "--scales", "96,128", "--json")

    printed: dict[str, Any] = json.loads(result.stdout)
    names = [row["name"] for row in printed["detectors"]]
    assert (printed["images"], printed["split"], printed["windows_per_image"]) == (2, "val", 4)
    assert names == ["SPP-net", "SPP-net, 2 scales", "R-CNN"]
    assert [row["images"] for row in printed["detectors"]] == [2, 2, 1]
    assert all(row["ratio_without_proposals"] > 0 for row in printed["detectors"])


def test_a_race_writes_its_numbers_and_its_picture(shapes: Path, tmp_path: Path) -> None:
    result = bench(shapes, "--images", "1", "--baseline", "none", "-o", str(tmp_path / "out"))

    written = json.loads((tmp_path / "out" / "bench.json").read_text())
    assert "1 images, 4 windows each" in result.stdout
    assert [row["ratio_with_proposals"] for row in written["detectors"]] == [None, None]
    assert (tmp_path / "out" / "bench.png").read_bytes()[:4] == b"\x89PNG"


def test_the_seed_draws_the_images(shapes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[list[int]] = []

    def stop(voc: Any, numbers: list[int], *_: Any, **_options: Any) -> None:
        drawn.append(numbers)
        raise KeyboardInterrupt

    monkeypatch.setattr("sppnet.tools.benchmarks.race.run_race", stop)

    assert bench(shapes, "--seed", "5").exit_code == 130
    assert drawn == [np.random.default_rng(5).permutation(3).tolist()]


@pytest.mark.parametrize(
    "options",
    [["--scales", "480,480"], ["--scales", "0"], ["--images", "0"], ["--baseline", "none", "--rcnn-images", "1"]],
)
def test_wrong_usage_exits_with_2(shapes: Path, options: list[str]) -> None:
    assert bench(shapes, *options).exit_code == 2
