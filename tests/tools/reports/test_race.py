"""The numbers of a race, its tables and its picture: two images with times by hand."""

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sppnet.data import VOC
from sppnet.tools.command.shapes import write_shapes
from sppnet.tools.reports.laps import Lap, Race, Rates, Work
from sppnet.tools.reports.race import compare, notes, picture, show


@pytest.fixture
def voc(tmp_path: Path) -> VOC:
    write_shapes(tmp_path / "shapes", train=1, val=2, seed=2)
    return VOC(tmp_path / "shapes", split="val")


def contender(name: str, *, proposes: bool = False) -> Any:
    return SimpleNamespace(name=name, note=f"note on {name}", proposes=proposes, images=None)


def perfect(voc: VOC, number: int) -> dict[str, Any]:
    target = voc.target(number)
    return {"boxes": target["boxes"], "labels": target["labels"], "scores": np.ones(len(target["labels"]), np.float32)}


@pytest.fixture
def result(voc: VOC) -> dict[str, Any]:
    race = Race(
        [contender("SPP-net"), contender("R-CNN"), contender("net", proposes=True)],
        [1, 0],
        Rates({"float32": 1e9}, 1e9),
        windows=[100, 200],
        shared=[{"decode": 1.0, "proposals": 9.0}, {"decode": 3.0, "proposals": 11.0}],
        laps={
            "SPP-net": [
                Lap({"conv": 6.0, "other": 4.0}, perfect(voc, 1), {"conv": Work(2e6)}, peak=5_000_000, growth=7),
                Lap({"conv": 8.0, "other": 2.0}, perfect(voc, 0), {"conv": Work(5e6)}, peak=4_000_000, growth=8),
            ],
            "R-CNN": [Lap({"warping": 100.0, "conv": 900.0}, None, {"warping": Work(bytes=5e7), "conv": Work(3e8)})],
            "net": [Lap({"network": 49.0}, None, {"network": Work(7e6)}), Lap({"network": 97.0}, None, {})],
        },
    )
    return {"threads": 2, **compare(race, voc)}


def test_milliseconds_are_means_with_what_all_share(result: dict[str, Any]) -> None:
    spp_net, rcnn, net = result["detectors"]

    assert spp_net["milliseconds"] == {"decode": 2, "proposals": 10, "conv": 7, "other": 3}
    assert rcnn["milliseconds"] == {"decode": 1, "proposals": 9, "warping": 100, "conv": 900}
    assert net["milliseconds"] == {"decode": 2, "network": 73}


def test_totals_are_without_and_with_what_comes_before(result: dict[str, Any]) -> None:
    spp_net, rcnn, net = result["detectors"]

    assert (spp_net["without_proposals"], spp_net["with_proposals"]) == (10, 22)
    assert (rcnn["without_proposals"], rcnn["with_proposals"]) == (1000, 1010)
    assert (net["without_proposals"], net["with_proposals"]) == (None, 75)
    assert spp_net["images_per_second"] == pytest.approx(1000 / 22)


def test_ratios_are_those_of_the_images_that_both_saw(result: dict[str, Any]) -> None:
    spp_net, rcnn, net = result["detectors"]

    assert (spp_net["ratio_without_proposals"], spp_net["ratio_with_proposals"]) == (100, 1010 / 20)
    assert (rcnn["ratio_without_proposals"], rcnn["ratio_with_proposals"]) == (1, 1)
    assert (net["ratio_without_proposals"], net["ratio_with_proposals"]) == (None, 1010 / 50)


def test_floors_are_means_of_the_images_whose_work_is_known(result: dict[str, Any]) -> None:
    spp_net, rcnn, net = result["detectors"]

    assert spp_net["floors"] == pytest.approx({"conv": 3.5})
    assert spp_net["by_floor"] == pytest.approx({"conv": 2})
    assert rcnn["floors"] == pytest.approx({"warping": 50, "conv": 300})
    assert net["floors"] == pytest.approx({"network": 7})


def test_memory_is_the_most_of_all_images_or_unknown(result: dict[str, Any]) -> None:
    spp_net, rcnn, _ = result["detectors"]

    assert (spp_net["peak_memory_bytes"], spp_net["memory_growth_bytes"]) == (5_000_000, 8)
    assert (rcnn["peak_memory_bytes"], rcnn["memory_growth_bytes"]) == (None, None)


def test_what_was_found_is_scored_on_its_own_images(result: dict[str, Any]) -> None:
    assert [row["mAP"] for row in result["detectors"]] == [1, None, None]


def test_a_race_without_r_cnn_has_no_ratios(voc: VOC) -> None:
    laps = {"SPP-net": [Lap({"conv": 6.0}, None, {})]}
    race = Race([contender("SPP-net")], [0], Rates({}, 1e9), [5], [{"decode": 1.0, "proposals": 1.0}], laps)

    [row] = compare(race, voc)["detectors"]

    assert (row["ratio_without_proposals"], row["ratio_with_proposals"], row["mAP"]) == (None, None, None)


def test_the_result_is_json(result: dict[str, Any]) -> None:
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_the_tables_fit_a_terminal_of_80_columns(result: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    show(result)

    lines = capsys.readouterr().out.splitlines()
    rows = [line.split() for line in lines]
    assert max(map(len, lines)) <= 80
    assert ["conv", "7", "3.5", "2", "900", "300", "3"] in rows
    assert ["SPP-net", "10", "22", "45.5", "5", "100", "50.5", "100.0"] in rows
    assert ["net", "-", "75", "13.3", "-", "-", "20.2", "-"] in rows
    assert ["R-CNN", "14,370", "89", "14,460", "1"] in rows


def test_who_saw_fewer_images_is_named(result: dict[str, Any]) -> None:
    assert notes(result)[-1] == "R-CNN saw only the first 1: its mAP and all ratios are of these."
    assert "net: note on net." in notes(result)


def test_the_picture_is_wide(result: dict[str, Any]) -> None:
    with Image.open(io.BytesIO(picture(result))) as image:
        assert image.format == "PNG"
        assert image.width == 1800
