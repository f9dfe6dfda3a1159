"""Writes lines `image,xmin,ymin,xmax,ymax,class,difficult,crowd`: SPLIT.csv and images/SPLIT, or annotations.csv."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..formats.csv_lines import COLUMNS
from .entries import Entry, Writer, plain

FLAGS = ("difficult", "crowd")


def _write(folder: Path, split: str, entries: Iterable[Entry], categories: Mapping[str, int]) -> None:
    with (folder / f"{split or 'annotations'}.csv").open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow([*COLUMNS, *FLAGS])
        for entry in entries:
            for thing in entry.objects:
                flags = int(thing.difficult), int(thing.crowd)
                lines.writerow([entry.image, *map(plain, thing.box), thing.name, *flags])
            if not entry.objects:
                lines.writerow([entry.image] + [""] * (len(COLUMNS) + len(FLAGS) - 1))


CSV_WRITER = Writer(lambda split: f"images/{split}".rstrip("/"), _write, frozenset({"difficult", "crowd"}))
