"""The figures of papers: recall of proposals, quality of classification against scale, losses of trainings."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from .canvas import colours, finish, new_figure, png

Floats = npt.NDArray[np.float64]


def recall_by_overlap(overlaps: Floats, curves: Mapping[str, Floats]) -> bytes:
    """Return the PNG of recall against the overlap that counts as found, one curve for each number of windows.

    Args:
        overlaps: Floats (N,), ascending to 1.
        curves: For each name in the legend, in its order, recall (N,).
    """
    return _recall("overlap asked for (intersection over union)", overlaps, "windows per image", curves)


def recall_by_number(numbers: Sequence[int], curves: Mapping[str, Floats], average: Floats) -> bytes:
    """Return the PNG of recall against the number of windows, one curve for each overlap that counts as found.

    Args:
        numbers: N numbers of windows per image, ascending.
        curves: For each name in the legend, in its order, recall (N,).
        average: Average recall (N,), drawn as a broken line.
    """
    return _recall("windows per image", numbers, "overlap asked for", curves, average)


def quality_by_scale(scales: Sequence[int], curves: Mapping[str, tuple[Floats, Floats]], quality: str) -> bytes:
    """Return the PNG of the quality of classification against the image scale, two curves for each layer.

    Args:
        scales: N short sides in pixels, ascending.
        curves: For each name in the legend quality in percent (N,) on the test images, and in cross-validation, which
            is drawn as a broken line.
        quality: What the quality is called.
    """
    figure = new_figure()
    up = f"{quality} (%); broken lines: in cross-validation"
    axes = figure.add_subplot(xlabel="short side of the images (pixels)", ylabel=up)
    for colour, (name, (tested, held_out)) in zip(colours(len(curves)), curves.items(), strict=True):
        axes.plot(scales, tested, color=colour, label=name, marker=".")
        axes.plot(scales, held_out, color=colour, linestyle="--")
    axes.set_xticks(scales)
    finish(axes, "layer", beside=True)
    return png(figure)


def losses_by_step(steps: Sequence[int], curves: Mapping[str, Sequence[float]]) -> bytes:
    """Return the PNG of losses against the steps of a training.

    Args:
        steps: N numbers of steps, ascending.
        curves: For each name in the legend, in its order, N losses.
    """
    figure = new_figure()
    axes = figure.add_subplot(xlabel="steps", ylabel="loss")
    for colour, (name, losses) in zip(colours(len(curves)), curves.items(), strict=True):
        axes.plot(steps, np.asarray(losses), color=colour, label=name)
    axes.set_ylim(bottom=0)
    finish(axes, "images")
    return png(figure)


def _recall(
    across: str,
    values: Sequence[int] | Floats,
    legend: str,
    curves: Mapping[str, Floats],
    average: Floats | None = None,
) -> bytes:
    """Return the PNG of some curves of recall."""
    figure = new_figure()
    axes = figure.add_subplot(xlabel=across, ylabel="recall (share of the objects)")
    axes.set_ylim(0, 1)
    for colour, (name, recalls) in zip(colours(len(curves)), curves.items(), strict=True):
        axes.plot(values, recalls, color=colour, label=name, clip_on=False)
    if average is not None:
        axes.plot(values, average, color="black", linestyle="--", label="average", clip_on=False)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.margins(x=0)
    finish(axes, legend)
    return png(figure)
