"""What there is to know of an image file, from reading it once: pixels, orientation, and hashes that find copies.

The hash of a picture's look has 64 bits: whether each of 8 x 8 areas is brighter than its right neighbour, as dHash has
it. Pictures stored anew, at another size or quality, differ in few of them.
"""

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

from ..decoding.images import decode, file_bytes
from ..dividing.contents import digest
from ..errors import ImageError

_ORIENTATION, _TURNS = 0x0112, range(1, 9)
_TAGS = (b"Exif", b"eXIf", b"exif", b"XML:com.adobe.xmp", b"II*\0", b"MM\0*")
_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")
_LEAST_CONTRAST = 8  # grey levels between the darkest and the brightest area; of less the hash would be noise


class Picture(NamedTuple):
    """An image file."""

    pixels: npt.NDArray[np.uint8]  # upright, (H, W, 3)
    orientation: int  # EXIF's, 1 for none
    content: int  # 64 bits that tell the file's bytes
    shown: int  # 64 bits that tell the pixels
    look: int  # 64 bits of what it looks like, 0 for a picture of one colour
    missing: str | None  # of a file that was cut short

    @property
    def size(self) -> tuple[int, int]:
        """Return width and height."""
        return self.pixels.shape[1], self.pixels.shape[0]


def read_picture(file: Path) -> Picture:
    """Return what there is to know of an image file.

    Raises:
        ImageError: If it cannot be read.
    """
    data = file_bytes(file, str(file))
    pixels, missing = decode(data, str(file))
    if min(pixels.shape) < 1:
        raise ImageError(f"{file}: has no pixels")
    shown = digest(str(pixels.shape).encode(), pixels.data)
    return Picture(pixels, _orientation(data), digest(data), shown, look_of(pixels), missing)


def look_of(pixels: npt.NDArray[np.uint8]) -> int:
    """Return the hash of what a picture looks like."""
    grey = Pillow.fromarray(pixels).convert("L").resize((9, 8), Pillow.Resampling.BOX)
    areas = np.asarray(grey).astype(np.int16)
    if np.ptp(areas) < _LEAST_CONTRAST:
        return 0
    return int.from_bytes(np.packbits(areas[:, :-1] > areas[:, 1:]).tobytes())


def _orientation(data: bytes) -> int:
    if not any(tag in data for tag in _TAGS):
        return 1
    try:
        with Pillow.open(io.BytesIO(data), formats=_FORMATS) as image:
            found = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # what damaged EXIF data raises is undocumented; the decoder has taken it for upright, too
        return 1
    return found if found in _TURNS else 1
