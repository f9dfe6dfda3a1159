"""Formats with one file for the objects of all images: JSON Lines, CSV and the VOC devkit's results."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from .folder import Results
from .writer import Write

LINES, TABLE = "detections.jsonl", "detections.csv"
FRAME_COLUMNS = ("frame", "time")
COLUMNS = ("image", "width", "height", "label", "score", "margin", "x1", "y1", "x2", "y2")


@contextmanager
def json_lines(results: Results, classes: Sequence[str]) -> Iterator[Write]:
    """Give what writes the record of an image as a line, without milliseconds: the same images give the same file."""
    results.begin(LINES)

    def write(_name: str, record: dict[str, Any]) -> None:
        kept = {name: value for name, value in record.items() if name != "milliseconds"}
        results.append(LINES, json.dumps(kept) + "\n")

    yield write


def csv_table(results: Results, classes: Sequence[str]) -> AbstractContextManager[Write]:
    """Give what writes every object as a row; an image without objects has none."""
    return _table(results, COLUMNS[:1], COLUMNS[1:])


def frame_table(results: Results, classes: Sequence[str]) -> AbstractContextManager[Write]:
    """Give what writes every object in a frame of a film as a row, with the frame's number and its time in seconds."""
    return _table(results, (*COLUMNS[:1], *FRAME_COLUMNS), COLUMNS[1:])


@contextmanager
def _table(results: Results, where: Sequence[str], what: Sequence[str]) -> Iterator[Write]:
    results.begin(TABLE, _rows([[*where, *what]]))

    def write(_name: str, record: dict[str, Any]) -> None:
        image = [record[column] for column in (*where, "width", "height")]
        objects = record["detections"]
        results.append(TABLE, _rows([*image, o["label"], o["score"], o["margin"], *o["box"]] for o in objects))

    yield write


@contextmanager
def voc_results(results: Results, classes: Sequence[str]) -> Iterator[Write]:
    """Give what writes the devkit's comp4 files, one a class: image, score and corners counted from 1, a line."""
    files = {name: f"comp4_det_test_{name.replace('/', '_')}.txt" for name in classes}
    for file in files.values():
        results.begin(file)

    def write(name: str, record: dict[str, Any]) -> None:
        for found in record["detections"]:
            x1, y1, x2, y2 = found["box"]
            corners = " ".join(f"{edge:.6f}" for edge in (x1 + 1, y1 + 1, x2, y2))
            results.append(files[found["label"]], f"{name} {found['score']:.6f} {corners}\n")

    yield write


def _rows(rows: Any) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
