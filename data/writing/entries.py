"""What is written of an image, and the one way in which numbers and names are written."""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from ..formats.things import Thing


class Entry(NamedTuple):
    """An image of the new data set."""

    name: str  # of its file without suffix, plain and unique in the data set
    image: str  # path of its file from the folder of the data set
    size: tuple[int, int]  # width and height of the upright picture
    objects: list[Thing]
    number: int | None  # in COCO's count, where it has one already


class Writer(NamedTuple):
    """A format of data sets to write: where images go, how a part is written, and what the format holds.

    `write(folder, split, entries, categories)` writes the annotations of one part into the new folder; the image of an
    entry is there when the entry is. `split` is "" for a data set without splits; `categories` are the names of the
    classes in label order, each with its number.
    """

    images: Callable[[str], str]  # split -> folder of its images in that of the data set
    write: Callable[[Path, str, Iterable[Entry], Mapping[str, int]], None]
    holds: frozenset[str]  # of "difficult", "crowd" and "classes": their order, and those without objects


def plain(value: float) -> str:
    """Return a number with as few digits as bring it back exactly, without a point if it is whole."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def plain_name(id_: str) -> str:
    """Return an id as the name of a file right in a folder, which every format can hold."""
    return re.sub(r"^\.|\.(?=\.)|[\s/\\:\0]+", "_", id_)
