"""Figures: recall against overlap and against number of windows, as in papers on proposals; losses of trainings."""

import io
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT, DOTS = 5.0, 3.75, 200  # inches, and dots per inch
DARKEST, LIGHTEST = 0.0, 0.85  # of the colour map; its yellow end is too pale on white
GRID_GREY = "0.9"
SMALL = 9  # points
Floats = npt.NDArray[np.float64]


def recall_by_overlap(overlaps: Floats, curves: Mapping[str, Floats]) -> bytes:
    """Return the PNG of recall against the overlap that counts as found, one curve for each number of windows.

    Args:
        overlaps: (N,) ascending, to 1.
        curves: Name -> recall (N,), in the order of the legend.
    """
    return _figure("overlap asked for (intersection over union)", overlaps, "windows per image", curves)


def recall_by_number(numbers: Sequence[int], curves: Mapping[str, Floats], average: Floats) -> bytes:
    """Return the PNG of recall against the number of windows, one curve for each overlap that counts as found.

    Args:
        numbers: N numbers of windows per image, ascending.
        curves: Name -> recall (N,), in the order of the legend.
        average: Average recall (N,), drawn as a broken line.
    """
    return _figure("windows per image", numbers, "overlap asked for", curves, average)


def losses_by_step(steps: Sequence[int], curves: Mapping[str, Sequence[float]]) -> bytes:
    """Return the PNG of losses against the steps of a training.

    Args:
        steps: N numbers, ascending.
        curves: Name -> N losses, in the order of the legend.
    """
    return _figure("steps", steps, "images", curves, along="loss", most=None)


def _figure(
    across: str,
    values: Sequence[int] | Floats,
    legend: str,
    curves: Mapping[str, Floats] | Mapping[str, Sequence[float]],
    average: Floats | None = None,
    *,
    along: str = "recall (share of the objects)",
    most: float | None = 1.0,
) -> bytes:
    """Return the PNG of some curves from 0 to `most`.

    The figure belongs to no window system and to no other figure.
    """
    from matplotlib import colormaps  # here: it takes a while
    from matplotlib.figure import Figure

    figure = Figure((WIDTH, HEIGHT), dpi=DOTS, layout="constrained")
    axes = figure.add_subplot(xlabel=across, ylabel=along)
    colours = colormaps["viridis"](np.linspace(DARKEST, LIGHTEST, len(curves)))
    for colour, (name, curve) in zip(colours, curves.items(), strict=True):
        axes.plot(values, np.asarray(curve), color=colour, label=name, clip_on=False)
    if average is not None:
        axes.plot(values, average, color="black", linestyle="--", label="average", clip_on=False)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.margins(x=0)
    axes.set_ylim(0, most)
    axes.grid(color=GRID_GREY)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(title=legend, frameon=False, fontsize=SMALL, title_fontsize=SMALL)
    image = io.BytesIO()
    figure.savefig(image, format="png")
    return image.getvalue()
