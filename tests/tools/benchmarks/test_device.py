"""Tests of the benchmark of a device, on the CPU by another name."""

import json
from functools import partial
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

from sppnet.detector import load_detector
from sppnet.proposals import SelectiveSearch
from sppnet.tools.benchmarks.device import command, launches
from sppnet.tools.benchmarks.floors import measure_rates
from sppnet.tools.command.shapes import write_shapes


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    write_shapes(tmp_path / "shapes", train=0, val=2, seed=1)
    return tmp_path / "shapes"


def bench(shapes: Path, *options: str) -> Result:
    return CliRunner().invoke(command, ["-m", "voc07-small", "--data", str(shapes), *options])


def test_figures_of_all_parts_are_printed(shapes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = partial(measure_rates, side=64, copied=1 << 12)
    monkeypatch.setattr("sppnet.tools.benchmarks.device.measure_rates", quick)
    monkeypatch.setattr("sppnet.tools.benchmarks.device.RUNS", 1)
    model = load_detector("voc07-small", device="cpu:0")
    model.search, (features, scorer) = SelectiveSearch(limit=20), model.layered()
    model._fitted = features.at((96,)), scorer
    monkeypatch.setattr("sppnet.tools.benchmarks.device.load_detector", lambda folder, device: model)

    result = json.loads(
        bench(shapes, "--device", "cpu:0", "--limit", "2", "--rcnn-images", "1", "--scales", "64,96", "--json").stdout
    )

    assert (result["device"], result["images"]) == ("cpu:0", 2)
    assert result["R-CNN by one scale"] == result["R-CNN, ms an image"] / result["ms an image, one by one"]
    assert {"conv", "pooling", "scores", "suppression", "copy"} <= result["ms by stage"].keys()
    assert result["launches of a batch of 2"] == result["launches of an image"] > 0
    assert result["proposals alone"]["ms of this process an image"] > 0
    assert result["images a second in batches"] > 0


def test_the_cpu_itself_is_no_device(shapes: Path) -> None:
    result = bench(shapes, "--device", "cpu")

    assert result.exit_code != 0
    assert "cpu:0" in str(result.exception) + result.output


def test_launches_are_what_computes_or_copies() -> None:
    values = torch.ones(6)

    assert launches(lambda: (values.view(2, 3).T + 1).clone()) == {"add": 1, "clone": 1}
