"""The table and the figures of `sppnet represent`."""

from pathlib import Path
from typing import Any

import pytest

from sppnet.tools.reports.representation import show, write_plots


def cell(
    layer: str, framing: str, scales: list[int], validation: float, deviation: float | None = None
) -> dict[str, Any]:
    figures = {"validation": validation, "test": validation + 0.05, "deviation": deviation, "C": [0.3]}
    return {"layer": layer, "framing": framing, "scales": scales, **figures}


@pytest.fixture
def result() -> dict[str, Any]:
    """Two layers in two framings at two scales, and at both together."""
    results = [
        cell(layer, framing, scales, 0.5 + sum(scales) / 10_000 + (layer == "spp+mean+fc") / 10)
        for layer in ("fire8", "spp+mean+fc")
        for framing in ("full", "warp")
        for scales in ([392], [224], [224, 392])
    ]
    images = {"train": 2500, "test": 2508}
    return {"measure": "mAP", "images": images, "splits": 1, "results": results, "best": results[6]}


def test_a_layer_has_a_line_of_cross_validation_and_one_of_other_images(
    result: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    show(result)

    lines = capsys.readouterr().out.splitlines()
    [row] = [number for number, line in enumerate(lines) if line.lstrip().startswith("fire8")]
    assert lines[row].split() == ["fire8", "53.9", "52.2", "56.2", "53.9", "52.2", "56.2"]
    assert lines[row + 1].split() == ["58.9", "57.2", "61.2", "58.9", "57.2", "61.2"]


def test_six_columns_fit_a_terminal_of_80(result: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    result["results"] = [
        cell("spp+mean+fc", framing, [scale], 0.5) for framing in ("full", "crop", "warp") for scale in (224, 392)
    ]

    show(result)

    lines = capsys.readouterr().out.splitlines()
    header = "layer full 224 full 392 crop 224 crop 392 warp 224 warp 392"
    assert header.split() in [line.split() for line in lines]
    assert max(map(len, lines[:-1])) <= 80


def test_the_best_is_said(result: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    show(result)

    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "best in cross-validation: spp+mean+fc, full 392: mAP 63.9, 68.9 on other images; C 0.3"


def test_several_splits_have_a_deviation(result: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    result |= {"splits": 10, "best": cell("spp", "full", [224], 0.5, deviation=0.006)}

    show(result)

    printed = capsys.readouterr().out
    assert "10 splits" in printed
    assert "55.0 (deviation 0.6) on other images" in printed


def test_there_is_a_figure_for_each_view(result: dict[str, Any], tmp_path: Path) -> None:
    write_plots(tmp_path / "plots", result)

    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == ["scales-full.png", "scales-warp.png"]


def test_the_curves_are_of_single_scales_in_ascending_order(
    result: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Any] = []

    def draw(*figure: Any) -> bytes:
        drawn.append(figure)
        return b""

    monkeypatch.setattr("sppnet.tools.reports.representation.quality_by_scale", draw)

    write_plots(tmp_path, result)

    scales, curves, quality = drawn[0]
    assert (scales, quality) == ([224, 392], "mAP")
    assert curves["fire8"][0] == pytest.approx([57.24, 58.92])
    assert curves["fire8"][1] == pytest.approx([52.24, 53.92])
