"""Small pictures for data sets made by hand, and what a data set holds in a form to compare."""

from pathlib import Path
from typing import Any

from PIL import Image

from sppnet.data import DataSet

TURNED = 6  # EXIF's orientation of a picture that is shown with width and height exchanged


def picture(file: Path, size: tuple[int, int] = (20, 30), *, shade: int = 128, orientation: int = 1) -> None:
    """Write a grey picture of this width and height, before it is turned upright."""
    file.parent.mkdir(parents=True, exist_ok=True)
    tags = Image.Exif()
    tags[0x0112] = orientation
    Image.new("L", size, shade).save(file, exif=tags)


def write(file: Path, text: str) -> None:
    """Write a text file and the folders above it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def held(data: DataSet) -> dict[str, list[tuple[Any, ...]]]:
    """Return for each id the objects: class, box, difficult, crowd."""
    return {id_: objects(data, number) for number, id_ in enumerate(data.ids)}


def objects(data: DataSet, number: int) -> list[tuple[Any, ...]]:
    """Return the objects of an image: class, box, difficult, crowd."""
    target = data.target(number)
    names = [data.classes[label] for label in target["labels"]]
    crowds = target.get("crowd", [False] * len(names))
    boxes = map(tuple, target["boxes"].tolist())
    return list(zip(names, boxes, target["difficult"].tolist(), list(map(bool, crowds)), strict=True))
