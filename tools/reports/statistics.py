"""The figures of a data set as a table on the terminal and as a picture."""

from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from sppnet.data import OBJECT_SIZES, Statistics

from ..command.shown import cell
from .canvas import GRID_GREY, SMALL, new_figure, png

MOST_CLASSES = 40  # that a picture names; more do not fit
MOST_PAIRS = 5  # of classes that come together, in the table
WIDTH, HEIGHT = 12.0, 8.0  # inches


def show(summary: dict[str, Any]) -> None:
    """Print the figures of `Statistics.summary`."""
    table = Table("class", "objects", "difficult", "images", *OBJECT_SIZES, "side", "aspect")
    whole = {**summary["all"], "images": summary["images"]}
    for name, figures, style in [*((*pair, None) for pair in summary["classes"].items()), ("all", whole, "bold")]:
        counts = [figures[column] for column in ("objects", "difficult", "images", *OBJECT_SIZES)]
        medians = [_median(figures["side"], ".0f"), _median(figures["aspect"], ".2f")]
        table.add_row(cell(name), *(f"{count:,}" for count in counts), *medians, style=style)
    console = Console()
    console.print(table)
    for line in _lines(summary):
        console.print(cell(line), highlight=False, soft_wrap=True)


def picture(found: Statistics) -> bytes:
    """Return the PNG of six figures: objects by class, sides, shares of images, aspects, number per image, pairs."""
    figure = new_figure()
    figure.set_size_inches(WIDTH, HEIGHT)
    axes = figure.subplots(2, 3).ravel()
    order = np.argsort(-np.bincount(found.labels, minlength=len(found.classes)), kind="stable")[:MOST_CLASSES]
    names, places = [found.classes[label] for label in order], np.arange(len(order))
    counts = np.bincount(found.labels, minlength=len(found.classes))[order]
    axes[0].barh(places, counts, color="C0")
    axes[0].set(yticks=places, yticklabels=names, xlabel="objects", ylim=(len(order) - 0.5, -0.5))
    sides = np.sqrt(found.sides.prod(axis=1))
    aspects = found.sides[:, 0] / found.sides[:, 1]
    for axis, values, label in (
        (axes[1], sides, "side: square root of the area (pixels)"),
        (axes[2], found.shares, "side as a share of the image's"),
        (axes[3], aspects, "width / height"),
    ):
        edges = np.geomspace(values.min(), max(values.max(), values.min() * 1.01), 40) if len(values) else 10
        axis.hist(values, edges)
        axis.set(xscale="log", xlabel=label, ylabel="objects")
    axes[4].bar(*np.unique(found.per_image, return_counts=True))
    axes[4].set(xlabel="objects in an image", ylabel="images")
    axes[5].imshow(np.log1p(found.together[np.ix_(order, order)]), cmap="viridis")
    axes[5].set(xticks=places, yticks=places, yticklabels=names, title="images that show both")
    axes[5].set_xticklabels(names, rotation=90)
    for axis in axes[:5]:
        axis.grid(color=GRID_GREY)
        axis.set_axisbelow(True)
    for axis in axes:
        axis.tick_params(labelsize=SMALL if len(order) <= 20 else SMALL / 2)
    return png(figure)


def _lines(summary: dict[str, Any]) -> list[str]:
    numbers = {int(number): images for number, images in summary["objects_per_image"].items()}
    mean = summary["objects"] / max(1, summary["images"])
    lines = [
        "side: square root of the area in pixels, aspect: width / height; medians",
        f"{mean:.1f} objects an image, at most {max(numbers, default=0)}; {numbers.get(0, 0):,} images without objects",
    ]
    pairs = [
        (count, first, second)
        for first, others in summary["co_occurrence"].items()
        for second, count in others.items()
        if first < second
    ]
    if pairs:
        best = sorted(pairs, key=lambda pair: -pair[0])[:MOST_PAIRS]
        lines.append(f"together: {', '.join(f'{first} and {second} in {count:,}' for count, first, second in best)}")
    return lines


def _median(quartiles: list[float] | None, form: str) -> str:
    return "-" if quartiles is None else format(quartiles[1], form)
