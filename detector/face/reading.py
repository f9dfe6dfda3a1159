"""Image files as pixels, by a reader that is given from outside: the detector itself knows no files.

`sppnet/__init__.py` gives it `read_image`, so that there is one decoder with one set of rules.
"""

from collections.abc import Callable
from os import PathLike
from typing import TYPE_CHECKING, Any

from ..errors import InputError

if TYPE_CHECKING:  # numpy takes a tenth of a second, and the reader is given whenever sppnet is imported
    from ..types import Image

Reader = Callable[[Any, str | None], "Image"]

_reader: Reader | None = None


def use_reader(reader: Reader) -> None:
    """Read image files with a function from now on.

    Args:
        reader: Takes a path, or the bytes of a file, and what messages call the image (None: its path); returns uint8
            (H, W, 3) RGB.
    """
    global _reader
    _reader = reader


def read(source: "str | PathLike[str] | bytes", name: str | None = None) -> "Image":
    """Return the pixels of an image file, uint8 (H, W, 3); errors are the reader's.

    Raises:
        InputError: If there is no reader.
    """
    if _reader is None:
        raise InputError(f"{name or source!r}: nothing is there to read image files with; give an array")
    return _reader(source, name)
