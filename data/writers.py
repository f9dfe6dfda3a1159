"""Detections into files: the formats that `sppnet detect` writes, one image at a time."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .results.coco import coco_file
from .results.folder import Results
from .results.labelling import labelme_files, voc_annotations, yolo_labels
from .results.lists import csv_table, frame_table, json_lines, voc_results
from .results.writer import Write, Writer


@contextmanager
def json_files(results: Results, classes: Sequence[str]) -> Iterator[Write]:
    """Give what writes the record of an image into a file of its own."""

    def write(name: str, record: dict[str, Any]) -> None:
        results.write(f"{name}.json", (json.dumps(record, indent=2) + "\n").encode())

    yield write


# A further format is a file with its writer, and a line here.
WRITERS: dict[str, Writer] = {
    "json": json_files,
    "jsonl": json_lines,
    "csv": csv_table,
    "coco": coco_file,
    "yolo": yolo_labels,
    "voc": voc_annotations,
    "labelme": labelme_files,
    "voc-results": voc_results,
}
# Of films, whose records have "frame", its number, and "time" in seconds, too.
FRAME_WRITERS: dict[str, Writer] = {"jsonl": json_lines, "csv": frame_table}
