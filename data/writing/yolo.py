"""Writes YOLO's labels: images/SPLIT, labels/SPLIT and data.yaml; or images/, labels/ and classes.txt."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..formats.things import Thing
from .entries import Entry, Writer, plain

# YOLO's programs know splits by these names only: train2017 is called train there, and valid val.
_USUAL = re.compile(r"(train|val|test)(?:id|idation)?[-_]?\d*")


def _write(folder: Path, split: str, entries: Iterable[Entry], categories: Mapping[str, int]) -> None:
    labels = folder / "labels" / split
    labels.mkdir(parents=True)
    _write_names(folder, split, list(categories))
    numbers = {name: number for number, name in enumerate(categories)}
    for entry in entries:
        lines = [_line(thing, numbers[thing.name], entry.size) for thing in entry.objects]
        (labels / f"{entry.name}.txt").write_text("".join(lines))


def _write_names(folder: Path, split: str, names: list[str]) -> None:
    """Write the names of the classes, and add a split to those that are written."""
    if not split:
        (folder / "classes.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
        return
    settings = folder / "data.yaml"
    if not settings.exists():
        listed = "".join(f"  {number}: {json.dumps(name, ensure_ascii=False)}\n" for number, name in enumerate(names))
        settings.write_text(f"names:\n{listed}", encoding="utf-8")
    usual = _USUAL.fullmatch(split)
    key = json.dumps(usual[1] if usual else split)
    if f"\n{key}: " in settings.read_text(encoding="utf-8"):
        key = json.dumps(split)
    with settings.open("a", encoding="utf-8") as file:
        file.write(f"{key}: {json.dumps(f'images/{split}')}\n")


def _line(thing: Thing, label: int, size: tuple[int, int]) -> str:
    """Return a line with all digits: half a pixel is much, and fewer digits would not bring whole pixels back."""
    (x1, y1, x2, y2), (width, height) = thing.box, size
    shares = (x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height
    return f"{label} {' '.join(map(plain, shares))}\n"


YOLO_WRITER = Writer(lambda split: f"images/{split}".rstrip("/"), _write, frozenset({"classes"}))
