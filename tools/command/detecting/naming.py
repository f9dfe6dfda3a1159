"""What results are called: each image its own name, and no picture of the user's ever overwritten."""

import os
import re
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

MARK = b"sppnet detect"  # a comment in the pictures that are drawn or cut out, by which they are known again
MARKED_BYTES = 64  # where a JPEG file has its comment
RESERVED = ("classes", "detections.coco")  # files for all images have these stems
FOLDERS = ("annotations", "crops", "labelme", "labels")  # where some formats have their files


def is_ours(path: str | Path) -> bool:
    """Return whether a file is a picture that carries our mark; not so one that cannot be read."""
    if not os.path.isfile(path):  # opening a pipe could wait for ever
        return False
    try:
        with open(path, "rb") as file:
            return MARK in file.read(MARKED_BYTES)
    except OSError:
        return False


class OutputNames:
    """Gives every image in turn a name without suffix for what is written about it, relative to the output folder.

    It is the stem, below the folders between the one that was given and the image. Where that meets the name of an
    image of another suffix, upper and lower case being the same, the suffix is kept, `a.png`; else a number is added.
    Where images lie in the very folder that is written to, names end in `-detections`; and a name under which there is
    a picture that is no result of ours is passed over. So neither images nor their neighbours are overwritten.

    Args:
        output: Folder for the results.
        suffix: Of the pictures, or films, that are drawn.
        is_ours: Whether such a file is a result of ours.
    """

    def __init__(self, output: Path, suffix: str = ".jpg", is_ours: Callable[[Path], bool] = is_ours) -> None:
        self._output, self._suffix, self._is_ours = output, suffix, is_ours
        self._taken: dict[str, str] = dict.fromkeys(RESERVED, "")  # name -> suffix of its image
        self._numbers: dict[str, int] = {}  # name -> the last one that was added to it

    def __call__(self, file: str, folder: str = "", beside: Path | None = None) -> str:
        """Return the name for an image.

        Args:
            file: Name of its file.
            folder: The folders that the name keeps.
            beside: The folder in which it lies; None for one from the web.
        """
        stem, suffix = os.path.splitext(re.sub(r"[/\\\0]", "_", file).lstrip(".") or "image")
        first, slash, rest = folder.partition("/")
        place = f"{first}-{slash}{rest}" if first.casefold() in FOLDERS else folder
        if beside is not None and beside.resolve() == (self._output / place).resolve():
            stem += "-detections"
        name = next(filter(self._is_free, self._candidates(f"{place}/{stem}".lstrip("/"), suffix)))
        self._taken[name.casefold()] = suffix
        return name

    def _candidates(self, name: str, suffix: str) -> Iterator[str]:
        yield name
        key = name.casefold()
        if self._taken.get(key) != suffix:
            yield name + suffix
        for number in count(self._numbers.get(key, 1) + 1):
            self._numbers[key] = number
            yield f"{name}-{number}"

    def _is_free(self, name: str) -> bool:
        picture = self._output / f"{name}{self._suffix}"
        return name.casefold() not in self._taken and (not picture.exists() or self._is_ours(picture))
