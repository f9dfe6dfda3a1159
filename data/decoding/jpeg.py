"""JPEG files: those whose end is missing, and CMYK ones of programs other than Adobe's (ITU T.81)."""

import io
import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import JpegImagePlugin

from ..errors import ImageError

_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")  # without those that stand alone, data and padding
_TAILS = (b"", b"\0" * 64, b"\x55" * 64, b"\xaa" * 64, b"\xfe" * 64)
_BLOCK = 8  # pixels
_SPILL = 1  # rows above a block that its colours are blended into


def open_jpeg(data: bytes) -> JpegImagePlugin.JpegImageFile:
    """Return a JPEG with its header read and nothing decoded.

    Pillow takes 255 for no ink in every CMYK file, which is Adobe's way; without its marker 0 is no ink.
    """
    image = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
    if image.mode == "CMYK" and "adobe" not in image.info:
        image.tile = [tile._replace(args=("CMYK", "")) for tile in image.tile]
    return image


def lacks_end(data: bytes) -> bool:
    """Return whether a JPEG has no end marker."""
    return all(marker != _END_OF_IMAGE for marker, _ in _segments(data))


def finished_jpeg(data: bytes) -> tuple[Pillow.Image, str]:
    """Return a JPEG that lacks its end marker, and what is missing in words.

    Which pixels depend on the bytes that would follow tells how far the data goes.

    Raises:
        ImageError: If more than the last row of blocks is incomplete, or some coefficients were never sent.
    """
    data = data.rstrip(b"\xff")  # half an end marker
    images = (open_jpeg(data + tail + bytes([0xFF, _END_OF_IMAGE])) for tail in _TAILS)
    image = next(images)
    pixels = np.asarray(image)
    complete = min(_equal_rows(pixels, np.asarray(other)) for other in images)
    lost = image.height - complete
    if lost > _block_height(data) + _SPILL or not _sends_every_coefficient(data):
        raise ImageError("truncated JPEG, image data is missing")
    if lost:
        return image, f"JPEG cut short; the last {lost} of its {image.height} rows are incomplete"
    return image, "JPEG without end marker; all its image data is there"


def _equal_rows(pixels: npt.NDArray[np.uint8], others: npt.NDArray[np.uint8]) -> int:
    """Return how many rows from the top are the same."""
    differ = np.flatnonzero((pixels != others).reshape(len(pixels), -1).any(axis=1))
    return int(differ[0]) if len(differ) else len(pixels)


def _block_height(data: bytes) -> int:
    """Return how many rows of pixels the blocks that are sent together cover."""
    frames = (content for marker, content in _segments(data) if 0xC0 <= marker <= 0xC2)
    return _BLOCK * max((sampling & 15 for sampling in next(frames, b"")[7::3]), default=1)


def _sends_every_coefficient(data: bytes) -> bool:
    """Return whether the scans of a JPEG leave out no coefficient (B.2): a cut can fall between two scans."""
    missing: set[tuple[int, int]] = set()
    for marker, content in _segments(data):
        if 0xC0 <= marker <= 0xC2:
            missing = {(component, k) for component in content[6::3] for k in range(64)}
        elif marker == _START_OF_SCAN:
            first, last, approximation = content[-3:]
            if approximation % 16 == 0:  # the scan brings the last bits
                missing -= {(component, k) for component in content[1:-3:2] for k in range(first, last + 1)}
    return not missing


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the marker and the content of each segment of a JPEG, the end marker last, if there is one (B.1).

    Segments are passed over by their length, so the markers of a thumbnail inside one are not the picture's, nor are
    those of what follows the end marker, say the film of a motion photo.
    """
    position = 2
    while found := _MARKER.search(data, position):
        marker, start = data[found.end() - 1], found.end()
        if marker == _END_OF_IMAGE:
            yield marker, b""
            return
        position = start + int.from_bytes(data[start : start + 2], "big")
        yield marker, data[start + 2 : position]
