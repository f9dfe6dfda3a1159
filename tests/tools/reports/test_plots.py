"""The figures: pictures of the right size, always the same, and of nothing too."""

import io
import subprocess
import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from sppnet.tools.reports.canvas import DOTS, HEIGHT, WIDTH
from sppnet.tools.reports.plots import losses_by_step, quality_by_scale, recall_by_number, recall_by_overlap

OVERLAPS = np.linspace(0.5, 1, 6)
FALLING = np.array([0.9, 0.8, 0.6, 0.4, 0.2, 0])
RISING = FALLING[::-1]
NUMBERS = [1, 10, 50, 100, 1000, 2000]


def pixels(png: bytes) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def coloured(png: bytes) -> npt.NDArray[np.bool_]:
    """Return where a picture is neither white, grey nor black."""
    image = pixels(png).astype(int)
    return np.asarray(image.max(axis=2) - image.min(axis=2) > 40)


def test_a_figure_has_the_size_of_a_column_at_200_dots_per_inch() -> None:
    assert pixels(recall_by_overlap(OVERLAPS, {"100": FALLING})).shape == (HEIGHT * DOTS, WIDTH * DOTS, 3)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Axes]:
    """The axes of figures, as they are when the legend is made."""
    axes: list[Axes] = []
    legend = Axes.legend

    def note(self: Axes, **options: Any) -> None:
        axes.append(self)
        legend(self, **options)

    monkeypatch.setattr(Axes, "legend", note)
    return axes


@pytest.fixture
def drawn_figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Figures as they are when they are written."""
    figures: list[Figure] = []
    savefig = Figure.savefig

    def note(self: Figure, *to: Any, **options: Any) -> None:
        figures.append(self)
        savefig(self, *to, **options)

    monkeypatch.setattr(Figure, "savefig", note)
    return figures


def test_there_is_a_curve_for_each_number_of_windows(drawn: list[Axes]) -> None:
    recall_by_overlap(OVERLAPS, {"100": FALLING / 2, "all": FALLING})

    lines = drawn[0].get_lines()
    assert [line.get_label() for line in lines] == ["100", "all"]
    assert len({str(line.get_color()) for line in lines}) == 2
    np.testing.assert_array_equal(lines[1].get_ydata(), FALLING)


def test_there_is_a_curve_for_each_overlap_and_the_average(drawn: list[Axes]) -> None:
    recall_by_number(NUMBERS, {"0.5": RISING}, RISING / 2)

    assert [line.get_label() for line in drawn[0].get_lines()] == ["0.5", "average"]
    assert drawn[0].get_xscale() == "log"


def test_the_axes_are_labelled(drawn: list[Axes]) -> None:
    recall_by_number(NUMBERS, {"0.5": RISING}, RISING / 2)

    assert drawn[0].get_xlabel() == "windows per image"
    assert drawn[0].get_ylabel() == "recall (share of the objects)"


def test_the_same_curves_make_the_same_picture() -> None:
    np.testing.assert_array_equal(
        pixels(recall_by_number(NUMBERS, {"0.5": RISING}, RISING)),
        pixels(recall_by_number(NUMBERS, {"0.5": RISING}, RISING)),
    )


@pytest.mark.parametrize("number", [1, 100])
def test_a_single_number_of_windows_can_be_drawn(number: int) -> None:
    assert pixels(recall_by_number([number], {"0.5": RISING[:1]}, RISING[:1])).any()


def test_a_recall_that_is_not_known_is_left_out() -> None:
    unknown = np.full(6, np.nan)

    assert coloured(recall_by_overlap(OVERLAPS, {"100": unknown}))[:, :600].sum() == 0


def test_drawing_touches_no_window_system() -> None:
    code = (
        "import sys; import numpy as np; from sppnet.tools.reports.plots import recall_by_overlap; "
        "recall_by_overlap(np.array([0.5, 1]), {'1': np.array([1, 0])}); sys.exit('matplotlib.pyplot' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_losses_are_drawn_against_steps(drawn: list[Axes]) -> None:
    losses_by_step([300, 600], {"learned from": [1.0, 0.5], "held out": [1.5, 0.75]})

    assert drawn[0].get_ylabel() == "loss" and drawn[0].get_ylim()[0] == 0 and drawn[0].get_ylim()[1] >= 1.5
    np.testing.assert_array_equal(drawn[0].get_lines()[1].get_ydata(), [1.5, 0.75])


def test_quality_has_a_curve_of_either_kind_for_each_layer(drawn_figures: list[Figure]) -> None:
    quality_by_scale([224, 392], {"pool": (np.array([60.0, 62]), np.array([58.0, 59]))}, "mAP")

    [axes] = drawn_figures[0].axes
    tested, held_out = axes.get_lines()
    assert (tested.get_label(), tested.get_linestyle(), held_out.get_linestyle()) == ("pool", "-", "--")
    assert axes.get_ylabel() == "mAP (%); broken lines: in cross-validation"
    assert axes.get_xticks().tolist() == [224, 392]


def test_quality_at_a_single_scale_can_be_drawn() -> None:
    assert coloured(quality_by_scale([224], {"pool": (np.array([60.0]), np.array([58.0]))}, "mAP")).any()
