"""What a data set is: images by number with the objects that they show, whatever format its files have."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .unchecked import Unread

# {"boxes": float32 (N, 4) in outer-edge pixels, "labels": int64 (N,), "difficult": bool (N,)}; it may hold more:
# "crowd", bool (N,), tells which of the difficult ones are crowds, many objects in one box, as COCO has them.
Target = dict[str, npt.NDArray[Any]]
Item = tuple[npt.NDArray[np.uint8], Target]


class DataSet(Protocol):
    """The images of a split and their objects; annotations have been read and checked, images are read when asked for.

    A reader that names this class as its base has length, items and iteration from here.

    Attributes:
        root: The folder or file that the data set was read from; messages and reports name it.
        split: Name of the part that this is; None if it is all of it.
        classes: Class names in label order.
        ids: A name for each image, unique among them.
        dropped: Ids of the images that were left out because something of them is broken.
        problems: What was left out or changed, and why, in sentences for a person.
        notes: What was read in another way than it is written, though nothing is wrong with it, in such sentences.
        image_ids: Id -> the number that the image has in its file, where the format has such numbers.
        category_ids: Class name -> the number that the class has in its file, where the format has such numbers.
    """

    root: Path
    split: str | None
    classes: tuple[str, ...]
    ids: list[str]
    dropped: list[str]
    problems: list[str]
    notes: Sequence[str] = ()
    image_ids: Mapping[str, int] = MappingProxyType({})
    category_ids: Mapping[str, int] = MappingProxyType({})

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, i: int, /) -> Item:
        return self.image(i), self.target(i)

    def __iter__(self) -> Iterator[Item]:
        return (self[i] for i in range(len(self)))

    def image_path(self, i: int, /) -> Path:
        """Return the file of image i."""

    def told_size(self, i: int, /) -> tuple[float, float]:
        """Return width and height of image i as its annotation tells them, infinity for what it does not tell."""

    def image(self, i: int, /) -> npt.NDArray[np.uint8]:
        """Return the pixels of image i, uint8 (H, W, 3) RGB.

        Raises:
            DataError: If they cannot be read, or do not belong to the annotation.
        """

    def target(self, i: int, /) -> Target:
        """Return the objects of image i without decoding it: "boxes", "labels" into `classes` and "difficult"."""


class Reader(Protocol):
    """A format of data sets: the class of those in it, as the table of readers holds it.

    Attributes:
        layout: What a folder in this format must hold, for the message about one that is in no known format.
    """

    layout: str

    def __call__(
        self, root: str | Path, split: str | None = None, *, classes: Sequence[str] | None = None, strict: bool = True
    ) -> DataSet:
        """Return a split of a data set; see `open_data`."""

    def recognises(self, root: Path, /) -> bool:
        """Return whether a folder or file looks like a data set in this format.

        Names of files tell, and where they do not, the start of a file.
        """

    def splits(self, root: str | Path, /) -> list[str]:
        """Return the names of the splits of a data set, sorted; none if it is not divided."""

    def unread(self, root: Path, /) -> Unread:
        """Return a data set before anything of it is read, for what looks for mistakes."""
