"""The figures of papers: recall of proposals, quality of classification against scale, losses of trainings."""

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT, DOTS = 5.0, 3.75, 200  # inches, and dots per inch
DARKEST, LIGHTEST = 0.0, 0.85  # of the colour map; its yellow end is too pale on white
GRID_GREY = "0.9"
SMALL = 9  # points
Floats = npt.NDArray[np.float64]


def recall_by_overlap(overlaps: Floats, curves: Mapping[str, Floats]) -> bytes:
    """Return the PNG of recall against the overlap that counts as found, one curve for each number of windows.

    Args:
        overlaps: Floats (N,), ascending to 1.
        curves: For each name in the legend, in its order, recall (N,).
    """
    return _figure("overlap asked for (intersection over union)", overlaps, "windows per image", curves)


def recall_by_number(numbers: Sequence[int], curves: Mapping[str, Floats], average: Floats) -> bytes:
    """Return the PNG of recall against the number of windows, one curve for each overlap that counts as found.

    Args:
        numbers: N numbers of windows per image, ascending.
        curves: For each name in the legend, in its order, recall (N,).
        average: Average recall (N,), drawn as a broken line.
    """
    return _figure("windows per image", numbers, "overlap asked for", curves, average)


def quality_by_scale(scales: Sequence[int], curves: Mapping[str, tuple[Floats, Floats]], quality: str) -> bytes:
    """Return the PNG of the quality of classification against the image scale, two curves for each layer.

    Args:
        scales: N short sides in pixels, ascending.
        curves: For each name in the legend quality in percent (N,) on the test images, and in cross-validation, which
            is drawn as a broken line.
        quality: What the quality is called.
    """
    figure, axes = _axes("short side of the images (pixels)", f"{quality} (%); broken lines: in cross-validation")
    for colour, (name, (tested, held_out)) in zip(_colours(len(curves)), curves.items(), strict=True):
        axes.plot(scales, tested, color=colour, label=name, marker=".")
        axes.plot(scales, held_out, color=colour, linestyle="--")
    axes.set_xticks(scales)
    return _png(figure, axes, "layer", beside=True)


def losses_by_step(steps: Sequence[int], curves: Mapping[str, Sequence[float]]) -> bytes:
    """Return the PNG of losses against the steps of a training.

    Args:
        steps: N numbers of steps, ascending.
        curves: For each name in the legend, in its order, N losses.
    """
    figure, axes = _axes("steps", "loss")
    for colour, (name, losses) in zip(_colours(len(curves)), curves.items(), strict=True):
        axes.plot(steps, np.asarray(losses), color=colour, label=name)
    axes.set_ylim(bottom=0)
    return _png(figure, axes, "images")


def _figure(
    across: str,
    values: Sequence[int] | Floats,
    legend: str,
    curves: Mapping[str, Floats],
    average: Floats | None = None,
) -> bytes:
    """Return the PNG of some curves of recall."""
    figure, axes = _axes(across, "recall (share of the objects)")
    axes.set_ylim(0, 1)
    for colour, (name, recalls) in zip(_colours(len(curves)), curves.items(), strict=True):
        axes.plot(values, recalls, color=colour, label=name, clip_on=False)
    if average is not None:
        axes.plot(values, average, color="black", linestyle="--", label="average", clip_on=False)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.margins(x=0)
    return _png(figure, axes, legend)


def _axes(across: str, up: str) -> tuple["Figure", "Axes"]:
    """Return an empty figure, which belongs to no window system and to no other figure."""
    from matplotlib.figure import Figure  # here: it takes a while

    figure = Figure((WIDTH, HEIGHT), dpi=DOTS, layout="constrained")
    return figure, figure.add_subplot(xlabel=across, ylabel=up)


def _colours(count: int) -> Floats:
    from matplotlib import colormaps

    colours: Floats = colormaps["viridis"](np.linspace(DARKEST, LIGHTEST, count))
    return colours


def _png(figure: "Figure", axes: "Axes", legend: str, *, beside: bool = False) -> bytes:
    """Return the PNG of a figure, its legend where there is most room or beside the axes."""
    axes.grid(color=GRID_GREY)
    axes.spines[["top", "right"]].set_visible(False)
    look: dict[str, Any] = {"title": legend, "frameon": False, "fontsize": SMALL, "title_fontsize": SMALL}
    if beside:
        figure.legend(loc="outside right upper", **look)
    else:
        axes.legend(**look)
    image = io.BytesIO()
    figure.savefig(image, format="png")
    return image.getvalue()
