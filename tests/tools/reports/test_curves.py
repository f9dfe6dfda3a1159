"""Tests of the figures of classifiers: their size, what is drawn, and that nothing is drawn of nothing."""

import io

import numpy as np
import pytest
from matplotlib.axes import Axes
from PIL import Image

from sppnet.tools.reports.canvas import DOTS, HEIGHT, WIDTH
from sppnet.tools.reports.curves import learning_curves, scores_by_size

HISTORY = {"losses": [3.0, 2.0, 1.0], "sizes": [20, 16, 20], "scores": {"20": [0.1, 0.5, 0.7], "16": [0.1, 0.4, 0.6]}}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Axes]:
    """The axes of figures, as they are when all is drawn but the legend."""
    axes: list[Axes] = []
    monkeypatch.setattr("sppnet.tools.reports.curves.finish", lambda drawn, legend: axes.append(drawn))
    return axes


def size(png: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(png)).size


def lines(axes: Axes) -> list[tuple[str, list[float]]]:
    return [(str(line.get_label()), np.asarray(line.get_ydata()).tolist()) for line in axes.lines]


def test_a_training_is_two_figures_side_by_side() -> None:
    assert size(learning_curves(HISTORY, "accuracy")) == (2 * WIDTH * DOTS, HEIGHT * DOTS)


def test_losses_are_marked_by_the_size_of_their_epoch(drawn: list[Axes]) -> None:
    learning_curves(HISTORY, "accuracy")

    assert [values for _, values in lines(drawn[0])] == [[3, 2, 1], [2], [3, 1]]
    assert [name for name, _ in lines(drawn[0])][1:] == ["16", "20"]


def test_scores_have_a_curve_for_each_size(drawn: list[Axes]) -> None:
    learning_curves(HISTORY, "accuracy")

    assert lines(drawn[1]) == [("20", [0.1, 0.5, 0.7]), ("16", [0.1, 0.4, 0.6])]
    assert drawn[1].get_ylabel() == "accuracy of held-out images"


def test_a_size_has_one_colour_in_both(drawn: list[Axes]) -> None:
    learning_curves(HISTORY, "accuracy")
    loss, score = ({line.get_label(): tuple(np.ravel(line.get_color())) for line in axes.lines} for axes in drawn)

    assert loss["16"] == score["16"] != loss["20"] == score["20"]


def test_a_training_without_scores_is_drawn_too() -> None:
    assert size(learning_curves({**HISTORY, "scores": {"20": [], "16": []}}, "accuracy"))[0] == 2 * WIDTH * DOTS


def test_scores_by_size_have_a_curve_for_each_classifier(drawn: list[Axes]) -> None:
    png = scores_by_size([128, 224], {"224": [0.1, None], "224 and 180": [0.2, 0.4]}, "mAP")

    assert size(png) == (WIDTH * DOTS, HEIGHT * DOTS)
    assert [name for name, _ in lines(drawn[0])] == ["224", "224 and 180"]
    np.testing.assert_array_equal([values for _, values in lines(drawn[0])], [[0.1, np.nan], [0.2, 0.4]])
