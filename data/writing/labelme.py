"""Writes LabelMe's JSON files, one beside each image, the images of a split in a folder of its name."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..formats.things import Thing
from .entries import Entry, Writer

VERSION = "5.5.0"  # of the program whose files these are like


def _write(folder: Path, split: str, entries: Iterable[Entry], categories: Mapping[str, int]) -> None:
    for entry in entries:
        width, height = entry.size
        content: dict[str, Any] = {
            "version": VERSION,
            "flags": {},
            "shapes": [_shape(thing) for thing in entry.objects],
            "imagePath": Path(entry.image).name,
            "imageData": None,
            "imageHeight": height,
            "imageWidth": width,
        }
        (folder / split / f"{entry.name}.json").write_text(json.dumps(content, indent=2), encoding="utf-8")


def _shape(thing: Thing) -> dict[str, Any]:
    x1, y1, x2, y2 = thing.box
    flags = {"difficult": thing.difficult, "crowd": thing.crowd}
    return {
        "label": thing.name,
        "points": [[x1, y1], [x2, y2]],
        "group_id": None,
        "description": "",
        "shape_type": "rectangle",
        "flags": {name: True for name, is_set in flags.items() if is_set},
    }


LABELME_WRITER = Writer(lambda split: split, _write, frozenset({"difficult", "crowd"}))
