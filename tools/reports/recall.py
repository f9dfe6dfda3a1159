"""The recall of windows as numbers, as tables for people and as the two figures of papers."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from sppnet.data import OBJECT_SIZES, ObjectOverlaps, object_overlaps, write_whole

from .plots import recall_by_number, recall_by_overlap

DRAWN_OVERLAPS = np.linspace(0.5, 1, 51)  # at which the figure of recall against overlap is drawn
DRAWN_CURVES = (0.5, 0.6, 0.7, 0.8, 0.9)  # overlaps that have a curve in the figure against the number of windows
DRAWN_NUMBERS = 60  # at which that figure is drawn, from 1 window on, evenly on a logarithmic scale
SCORES = {
    "recall_50": "recall 0.5",
    "recall_70": "recall 0.7",
    "average_recall": "average recall",
    "mean_average_best_overlap": "MABO",
}

Floats = npt.NDArray[np.float64]


class Measured(NamedTuple):
    """How well the windows of some images cover their objects."""

    numbers: list[int]  # numbers of windows per image to report, ascending
    drawn: list[int]  # numbers of windows per image to draw, ascending
    counts: list[int]  # how many windows each image has
    overlaps: ObjectOverlaps  # a column for each of `numbers`, one for all windows, and one for each of `drawn`

    def for_numbers(self) -> ObjectOverlaps:
        """Return the columns of `numbers` and the one for all windows."""
        return self.overlaps._replace(overlaps=self.overlaps.overlaps[:, : len(self.numbers) + 1])

    def for_drawn(self) -> ObjectOverlaps:
        """Return the columns of `drawn`."""
        return self.overlaps._replace(overlaps=self.overlaps.overlaps[:, len(self.numbers) + 1 :])


def measure(
    images: Iterable[tuple[npt.NDArray[np.float32], Mapping[str, npt.NDArray[Any]]]], numbers: list[int]
) -> Measured:
    """Take in the windows and targets of images, one at a time, for ascending numbers of windows."""
    drawn = np.unique(np.geomspace(1, numbers[-1], DRAWN_NUMBERS).round().astype(int)).tolist()
    counts = []

    def counted() -> Iterator[tuple[npt.NDArray[np.float32], Mapping[str, npt.NDArray[Any]]]]:
        for windows, target in images:
            counts.append(len(windows))
            yield windows, target

    overlaps = object_overlaps(counted(), [*numbers, None, *drawn])
    return Measured(numbers, drawn, counts, overlaps)


def scores(measured: Measured, classes: Sequence[str]) -> dict[str, Any]:
    """Return all scores, ready for JSON: for each number of windows and for all; None means no objects."""
    numbers = [*measured.numbers, None]
    found = measured.for_numbers()
    return {
        "images": len(measured.counts),
        "numbers": numbers,
        "windows_per_image": [float(np.mean(np.minimum(measured.counts, n or math.inf))) for n in numbers],
        "all": _scores(found),
        "sizes": {size: _scores(found.of_size(size)) for size in OBJECT_SIZES},
        "classes": {name: _scores(found.of_class(label)) for label, name in enumerate(classes)},
    }


def show(result: dict[str, Any]) -> None:
    """Print the scores: by number of windows, then for the largest number by size of object and by class."""
    console = Console()
    numbers = Table("windows", "on average", *SCORES.values(), title=f"{result['images']:,} images")
    for place, number in enumerate(result["numbers"]):
        name = "all" if number is None else f"{number:,}"
        numbers.add_row(name, f"{result['windows_per_image'][place]:,.0f}", *_row(result["all"], place))
    console.print(_right(numbers))
    place = len(result["numbers"]) - 2
    title = f"with {result['numbers'][place]:,} windows"
    for column, groups in (("size", result["sizes"]), ("class", result["classes"])):
        table = Table(column, "objects", *SCORES.values(), title=title)
        for name, group in groups.items():
            table.add_row(name, f"{group['objects']:,}", *_row(group, place))
        console.print(_right(table))


def write_plots(folder: Path, measured: Measured) -> None:
    """Write the two figures, recall-overlap.png and recall-windows.png, into a folder."""
    found = measured.for_numbers()
    recalls = np.stack([found.recall(iou) for iou in DRAWN_OVERLAPS])
    names = [*(f"{number:,}" for number in measured.numbers), f"all ({np.mean(measured.counts):,.0f})"]
    by_overlap = dict(zip(names, recalls.T, strict=True))
    drawn = measured.for_drawn()
    by_number = {f"{iou}": drawn.recall(iou) for iou in DRAWN_CURVES}
    write_whole(folder / "recall-overlap.png", recall_by_overlap(DRAWN_OVERLAPS, by_overlap))
    write_whole(folder / "recall-windows.png", recall_by_number(measured.drawn, by_number, drawn.average_recall()))


def _scores(found: ObjectOverlaps) -> dict[str, Any]:
    values = {
        "recall_50": found.recall(0.5),
        "recall_70": found.recall(0.7),
        "average_recall": found.average_recall(),
        "mean_average_best_overlap": found.mean_average_best_overlap(),
    }
    return {"objects": len(found.labels)} | {name: _known(columns) for name, columns in values.items()}


def _known(values: Floats) -> list[float | None]:
    """Return None for NaN, which JSON does not have."""
    return [None if math.isnan(value) else value for value in values.tolist()]


def _row(group: dict[str, Any], place: int) -> list[str]:
    values = [group[score][place] for score in SCORES]
    return ["-" if value is None else f"{100 * value:.1f}" for value in values]


def _right(table: Table) -> Table:
    """Align all columns but the first to the right, as numbers are."""
    for column in table.columns[1:]:
        column.justify = "right"
    return table
