"""The corrected copy of a data set: what is left when mistakes are mended, written in the same format."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..dataset import DataSet, Target
from ..decoding.images import read_image
from ..errors import DataError
from ..formats.layouts import unique_ids
from ..formats.things import Thing
from ..formats.voc.devkit import VOC_CLASSES
from ..writing.data_sets import Images, write_data
from .examining import Examined


class _Kept(NamedTuple):
    """An image of the copy."""

    row: int  # its number among all that were read
    file: Path
    id_: str | None
    number: int | None
    size: tuple[int, int]
    things: tuple[Thing, ...]


class Mended(DataSet):
    """A split with its mistakes mended and what cannot be mended left out; made by adding images and finishing."""

    def __init__(self, root: Path, split: str | None) -> None:
        self.root, self.split, self.classes = root, split, tuple[str, ...]()
        self.ids, self.dropped, self.problems = [], [], []
        self._kept: list[_Kept] = []

    def add(self, row: int, examined: Examined) -> None:
        """Keep an image that was read as number `row`."""
        file, _, _, _, id_, number = examined.raw
        self._kept.append(_Kept(row, file, id_, number, examined.size, tuple(examined.things)))

    def finish(
        self,
        gone: set[int],
        declared: Sequence[str],
        rename: Mapping[str, str],
        category_ids: Mapping[str, int],
        counts: Counter[str],
    ) -> None:
        """Leave out the images whose number is among those gone, and name images and classes."""
        self._kept = [kept for kept in self._kept if kept.row not in gone]
        names = unique_ids([kept.file for kept in self._kept], self.root)
        self.ids = [kept.id_ or names[kept.file] for kept in self._kept]
        numbers = {id_: kept.number for id_, kept in zip(self.ids, self._kept, strict=True) if kept.number is not None}
        if len(set(numbers.values())) == len(self.ids):
            self.image_ids = numbers
        shown = [name for name in counts if name not in rename]
        if declared:
            self.classes = tuple(dict.fromkeys([*(rename.get(name, name) for name in declared), *shown]))
            self.category_ids = {name: category_ids[name] for name in self.classes if name in category_ids}
        else:
            self.classes = VOC_CLASSES if set(shown) <= set(VOC_CLASSES) else tuple(sorted(shown))

    def image_path(self, i: int) -> Path:
        """Return the file of image i."""
        return self._kept[i].file

    def told_size(self, i: int) -> tuple[float, float]:
        """Return width and height of image i, those of its pixels."""
        return self._kept[i].size

    def image(self, i: int) -> npt.NDArray[np.uint8]:
        """Return the pixels of image i, uint8 (H, W, 3)."""
        return read_image(self._kept[i].file)

    def target(self, i: int) -> Target:
        """Return the mended objects of image i."""
        things = self._kept[i].things
        return {
            "boxes": np.array([thing.box for thing in things], np.float32).reshape(-1, 4),
            "labels": np.array([self.classes.index(thing.name) for thing in things], np.int64),
            "difficult": np.array([thing.difficult for thing in things], np.bool_),
            "crowd": np.array([thing.crowd for thing in things], np.bool_),
        }


def write_mended(
    folder: Path,
    format: str,
    mended: Mapping[str, Mended],
    *,
    images: Images = "copy",
    progress: Callable[[str, int, int], None] | None = None,
) -> list[str]:
    """Write the mended splits that have images left, and return what their format cannot hold; see `write_data`.

    Raises:
        DataError: If no image is left, or the folder holds something.
    """
    left = {split: data for split, data in mended.items() if len(data)}
    if not left:
        raise DataError(f"{folder}: not written: no image can be used")
    return write_data(folder, format, left, images=images, progress=progress)
