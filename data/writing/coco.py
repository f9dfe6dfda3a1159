"""Writes COCO's JSON: annotations/instances_SPLIT.json and the images in SPLIT/, or annotations.json and images/.

Difficult objects are entered as crowds that are marked by "ignore", too: pycocotools passes them over in its scores as
we do, and read again they are difficult and no crowds.
"""

import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..formats.things import Thing
from .entries import Entry, Writer


def _write(folder: Path, split: str, entries: Iterable[Entry], categories: Mapping[str, int]) -> None:
    """Write images as they come, and their objects to a file aside, because COCO has all images before all objects."""
    file = folder / "annotations" / f"instances_{split}.json" if split else folder / "annotations.json"
    file.parent.mkdir(exist_ok=True)
    listed = [{"id": number, "name": name, "supercategory": "none"} for name, number in categories.items()]
    with (
        file.open("w", encoding="utf-8") as images,
        tempfile.TemporaryFile("w+", encoding="utf-8", dir=folder) as objects,
    ):
        images.write(f'{{"info": {{}},\n"categories": {json.dumps(listed)},\n"images": [')
        count = 0
        for position, entry in enumerate(entries, 1):
            number = position if entry.number is None else entry.number
            images.write(("," if position > 1 else "") + "\n" + json.dumps(_image(entry, split, number)))
            for thing in entry.objects:
                count += 1
                record = _object(thing, categories[thing.name], number, count)
                objects.write(("," if count > 1 else "") + "\n" + json.dumps(record))
        images.write('],\n"annotations": [')
        objects.seek(0)
        while block := objects.read(1 << 16):
            images.write(block)
        images.write("]}\n")


def _image(entry: Entry, split: str, number: int) -> dict[str, Any]:
    width, height = entry.size
    return {"id": number, "file_name": Path(entry.image).name, "width": width, "height": height}


def _object(thing: Thing, category: int, image: int, number: int) -> dict[str, Any]:
    x1, y1, x2, y2 = (int(edge) if edge.is_integer() else edge for edge in thing.box)
    width, height = x2 - x1, y2 - y1
    ignored = {"ignore": 1} if thing.difficult and not thing.crowd else {}
    return {
        "id": number,
        "image_id": image,
        "category_id": category,
        "bbox": [x1, y1, width, height],
        "area": width * height,
        "iscrowd": int(thing.difficult),
        **ignored,
    }


COCO_WRITER = Writer(lambda split: split or "images", _write, frozenset({"difficult", "crowd", "classes"}))
