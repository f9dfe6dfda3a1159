"""Data sets as their files have them: image by image, nothing checked, clipped or kept, for what looks for mistakes."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from .errors import DataError

Box = tuple[float, float, float, float]


class Found(NamedTuple):
    """An object as a file has it."""

    place: str  # file, and line or number
    name: str = ""
    box: Box | None = None  # x1 y1 x2 y2 in outer-edge pixels, maybe outside the image; None if it cannot be told
    difficult: bool = False
    crowd: bool = False
    error: DataError | None = None  # what is wrong with it: a `ReversedError` has been mended
    note: str = ""  # what is odd and costs nothing


class Unchecked(NamedTuple):
    """An image as the files have it."""

    file: Path
    place: str  # where it stands in the annotations
    size: tuple[float, float]  # width and height as the annotation tells them, infinity where it does not
    objects: list[Found] | None  # None if the annotation, or the size that it needs, cannot be read
    id_: str | None = None  # where the format names images
    number: int | None = None  # in the format's own count


class Unread(Protocol):
    """A data set before anything of it is kept.

    Attributes:
        root: The folder or file that it is in.
        problems: What could not be read of the images drawn so far, in sentences; the caller may empty it.
        category_ids: Class name -> the number that it has in the files drawn so far, where the format has such numbers.
    """

    root: Path
    problems: list[str]
    category_ids: Mapping[str, int]

    def unchecked(self, split: str | None) -> Iterator[Unchecked]:
        """Yield the images of a split, or all, as they are read. A DataError ends them where a file makes no sense."""

    def declared(self) -> tuple[str, ...]:
        """Return the classes that the files drawn so far list; none if the format has no such list."""

    def remarks(self) -> list[str]:
        """Return what is read in another way than it is written, in sentences."""
