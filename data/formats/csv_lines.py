"""Lines `image,xmin,ymin,xmax,ymax,class`, one for each object, as RetinaNet's and other programs read them.

Columns are found by their names in the first line, in any order; without such a line they are in this order. Boxes are
edges in pixels from the outer corner of the first one, the right and bottom edges outside the box, as ours are. More
columns that are read: `width` and `height` of the image, `difficult` and `crowd` (0 or 1; a crowd is difficult, too).
An image whose line has nothing but its name is background; pictures without a line are no part of the data set.
Paths of images start at the folder of the file, its images/ or the folder of the split; they may also be absolute.
"""

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import DataError
from .annotated import UNKNOWN, Annotated, Parts, Picture, Thing, number, size_in
from .layouts import MOST_LOOKED_AT, files_of, first_file, folders_of, parts_by_name, read_text, some_begin

ROBOFLOW = "_annotations.csv"
EDGES = ("xmin", "ymin", "xmax", "ymax")
COLUMNS = ("image", *EDGES, "class")
NAMES = {
    "image": ("image", "filename", "file_name", "file", "path", "image_path", "img"),
    "xmin": ("xmin", "x1", "x_min", "left"),
    "ymin": ("ymin", "y1", "y_min", "top"),
    "xmax": ("xmax", "x2", "x_max", "right"),
    "ymax": ("ymax", "y2", "y_max", "bottom"),
    "class": ("class", "label", "class_name", "name", "category"),
    "width": ("width",),
    "height": ("height",),
    "difficult": ("difficult",),
    "crowd": ("crowd", "iscrowd"),
}

Row = dict[str, str]


class CSV(Annotated):
    """A data set in a file of lines with commas; or a folder with one, or with one for each split."""

    layout = "a CSV file with lines image,xmin,ymin,xmax,ymax,class"

    @classmethod
    def parts(cls, root: Path) -> Parts:
        """Return the file of each split."""
        if root.is_file():
            return {"": [root]} if root.suffix.lower() == ".csv" and some_begin([root], _looks) else {}
        if flat := [file for file in files_of(root, ".csv")[:MOST_LOOKED_AT] if some_begin([file], _looks)]:
            return parts_by_name(flat)
        return {folder.name: [file] for folder in folders_of(root) if (file := folder / ROBOFLOW).is_file()}

    def _pictures(self, places: list[Path]) -> Iterator[Picture]:
        [file] = places
        folders = [file.parent, file.parent / "images", file.parent / file.stem, file.parent / "images" / file.stem]
        lines: dict[str, list[tuple[str, Row]]] = {}
        for place, row in self._rows(file):
            if not row["image"]:
                self._report(f"{place}: the name of an image is missing", "dropped")
                continue
            lines.setdefault(row["image"], []).append((place, row))
        for name, rows in lines.items():
            place, first = rows[0]
            image = _image(folders, name)
            try:
                size = size_in(first.get("width"), first.get("height"))
            except DataError as error:
                self._report(f"{place}: {error}", "image dropped")
                yield Picture(image, place, UNKNOWN, None)
                continue
            objects = [(at, row) for at, row in rows if any(row[column] for column in (*EDGES, "class"))]
            yield Picture(image, place, size, objects)

    def _rows(self, file: Path) -> Iterator[tuple[str, Row]]:
        """Yield where a line stands and its columns by name."""
        reader = csv.reader(read_text(file).splitlines(keepends=True), strict=True)
        columns: list[str | None] | None = None
        try:
            for row in reader:
                row = [value.strip() for value in row]
                place = f"{file}: line {reader.line_num}"
                if not any(row):
                    continue
                if columns is None and (header := _header(row)) is not None:
                    columns = header
                    if missing := [name for name in COLUMNS if name not in header]:
                        raise DataError(f"{place}: there must be columns {', '.join(COLUMNS)}; {missing[0]} is missing")
                    continue
                columns = columns or list(COLUMNS)
                if len(row) != len(columns):
                    self._report(f"{place}: must have {len(columns)} columns, has {len(row)}", "dropped")
                    continue
                yield place, {name: value for name, value in zip(columns, row, strict=True) if name}
        except csv.Error as error:
            raise DataError(f"{file}: line {reader.line_num}: {error}") from error

    def _thing(self, raw: Any, size: tuple[float, float]) -> Thing:
        x1, y1, x2, y2 = (number(raw[edge], f"({raw['class'] or 'no class'}): {edge}") for edge in EDGES)
        difficult, crowd = (_flag(raw, column) for column in ("difficult", "crowd"))
        return Thing(raw["class"], (x1, y1, x2, y2), difficult or crowd, crowd)


def _image(folders: list[Path], name: str) -> Path:
    if "\0" in name:
        raise DataError(f"{folders[0]}: the name of an image must be a path, got {name!r}")
    return first_file(folders, name)


def _header(row: list[str]) -> list[str | None] | None:
    """Return what the columns are if a first line names them."""
    known = {other: name for name, others in NAMES.items() for other in others}
    names = [known.get(value.lower()) for value in row]
    return names if sum(name in EDGES for name in names) >= 2 else None


def _flag(row: Row, column: str) -> bool:
    value = row.get(column, "")
    if value not in ("", "0", "1"):
        raise DataError(f"({row['class']}): {column} must be 0 or 1, got {value!r}")
    return value == "1"


def _looks(text: str) -> bool:
    """Return whether a file begins with names of columns, or with an image, four numbers or nothing, and a class."""
    row = [value.strip() for value in next(csv.reader(text.splitlines()[:1]), [])]
    return _header(row) is not None or (
        len(row) == len(COLUMNS) and all(value == "" or _is_number(value) for value in row[1:5])
    )


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
