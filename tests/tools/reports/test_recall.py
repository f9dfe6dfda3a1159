"""Recall as numbers, tables and figures: hand-computed values for three images."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from sppnet.tools.reports.recall import Measured, measure, scores, show, write_plots
from tests.data.scoring.test_metrics import A, Arrays, B, target

CLASSES = ("cat", "dog", "fox")
LARGE = (0, 0, 100, 100)


def images() -> list[tuple[npt.NDArray[np.float32], Arrays]]:
    """Return a cat found by the second window, one found by none, and a large dog found by the third and last."""
    windows = np.array([(0, 0, 10, 4), A, LARGE], np.float32)
    return [
        (windows[:2], target([A])),
        (windows[:0], target([B])),
        (windows, target([LARGE], labels=[1])),
    ]


@pytest.fixture
def measured() -> Measured:
    return measure(images(), [1, 2])


def test_the_numbers_are_those_asked_for_and_all(measured: Measured) -> None:
    result = scores(measured, CLASSES)

    assert result["images"] == 3
    assert result["numbers"] == [1, 2, None]
    assert result["windows_per_image"] == pytest.approx([2 / 3, 4 / 3, 5 / 3])


def test_the_scores_of_all_objects_are_by_number(measured: Measured) -> None:
    found = scores(measured, CLASSES)["all"]

    assert found["objects"] == 3
    assert found["recall_50"] == found["recall_70"] == pytest.approx([0, 1 / 3, 2 / 3])
    assert found["average_recall"] == pytest.approx([0, 1 / 3, 2 / 3])
    # Cats: 0.4 and 0, then 1 and 0. The dog: 40 and 100 of 10,000 pixels, then all.
    assert found["mean_average_best_overlap"] == pytest.approx(
        [(0.4 / 2 + 0.004) / 2, (1 / 2 + 0.01) / 2, (1 / 2 + 1) / 2]
    )


def test_sizes_and_classes_are_scored_apart(measured: Measured) -> None:
    result = scores(measured, CLASSES)

    assert result["sizes"]["small"]["recall_50"] == result["classes"]["cat"]["recall_50"] == [0, 0.5, 0.5]
    assert result["sizes"]["large"]["recall_50"] == result["classes"]["dog"]["recall_50"] == [0, 0, 1]


def test_a_group_without_objects_is_null(measured: Measured) -> None:
    result = scores(measured, CLASSES)

    assert result["sizes"]["medium"] == result["classes"]["fox"]
    assert result["classes"]["fox"]["objects"] == 0
    assert result["classes"]["fox"]["mean_average_best_overlap"] == [None, None, None]


def test_the_scores_are_json(measured: Measured) -> None:
    result = scores(measured, CLASSES)

    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_the_tables_fit_a_terminal_of_80_columns(measured: Measured, capsys: pytest.CaptureFixture[str]) -> None:
    show(scores(measured, CLASSES))

    lines = capsys.readouterr().out.splitlines()
    cells = [[cell.strip() for cell in line.strip("\u2502").split("\u2502")] for line in lines]
    assert max(map(len, lines)) <= 80
    assert ["all", "2", "66.7", "66.7", "66.7", "75.0"] in cells
    assert ["cat", "2", "50.0", "50.0", "50.0", "50.0"] in cells
    assert ["fox", "0", "-", "-", "-", "-"] in cells


def test_the_figure_against_the_number_goes_from_one_window_to_the_largest_number() -> None:
    drawn = measure(images(), [100, 1000]).drawn

    assert (drawn[0], drawn[-1]) == (1, 1000)
    assert drawn == sorted(set(drawn))


def test_two_figures_are_written(measured: Measured, tmp_path: Path) -> None:
    write_plots(tmp_path / "plots", measured)

    files = sorted((tmp_path / "plots").iterdir())
    assert [file.name for file in files] == ["recall-overlap.png", "recall-windows.png"]
    assert {file.read_bytes()[:4] for file in files} == {b"\x89PNG"}
