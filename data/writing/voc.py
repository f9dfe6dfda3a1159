"""Writes Pascal VOC's XML files, in its devkit or beside the images; pixels counted from 1, the last one inside.

The devkit has JPEGImages, Annotations and ImageSets/Main; without it the files of a split are in a folder of its name.
"""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from xml.sax.saxutils import escape

from ..formats.things import Thing
from .entries import Entry, Writer, plain


def _write(folder: Path, split: str, entries: Iterable[Entry], categories: Mapping[str, int]) -> None:
    (folder / "Annotations").mkdir(exist_ok=True)
    with ExitStack() as stack:
        if split:
            sets = folder / "ImageSets" / "Main"
            sets.mkdir(parents=True, exist_ok=True)
            names = stack.enter_context((sets / f"{split}.txt").open("w", encoding="utf-8"))
        for entry in entries:
            (folder / "Annotations" / f"{entry.name}.xml").write_text(_annotation(entry), encoding="utf-8")
            if split:
                names.write(f"{entry.name}\n")


def _write_beside(folder: Path, split: str, entries: Iterable[Entry], categories: Mapping[str, int]) -> None:
    for entry in entries:
        (folder / split / f"{entry.name}.xml").write_text(_annotation(entry), encoding="utf-8")


def _annotation(entry: Entry) -> str:
    width, height = entry.size
    return (
        f"<annotation>\n<filename>{escape(Path(entry.image).name)}</filename>\n"
        f"<size><width>{width}</width><height>{height}</height><depth>3</depth></size>\n"
        f"{''.join(map(_object, entry.objects))}</annotation>\n"
    )


def _object(thing: Thing) -> str:
    x1, y1, x2, y2 = thing.box
    return (
        f"<object><name>{escape(thing.name)}</name><difficult>{int(thing.difficult)}</difficult><bndbox>"
        f"<xmin>{plain(x1 + 1)}</xmin><ymin>{plain(y1 + 1)}</ymin>"
        f"<xmax>{plain(x2)}</xmax><ymax>{plain(y2)}</ymax></bndbox></object>\n"
    )


VOC_WRITER = Writer(lambda split: "JPEGImages", _write, frozenset({"difficult"}))
VOC_FILES_WRITER = Writer(lambda split: split, _write_beside, VOC_WRITER.holds)
