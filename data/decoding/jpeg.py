"""JPEG files: those whose end is missing, and CMYK ones of programs other than Adobe's (ITU T.81)."""

import io
import math
import re
from collections.abc import Iterator
from itertools import takewhile

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import JpegImagePlugin

from ..errors import ImageError
from .parts import most_parts

_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")  # without those that stand alone, data and padding
_TAILS = (b"", b"\0" * 64, b"\x55" * 64, b"\xaa" * 64, b"\xfe" * 64)
_BLOCK = 8  # pixels
_SPILL = 1  # rows above a block that its colours are blended into
_COMPARED = 1024  # rows at a time
_MOST_SCANS = 100  # each goes over all pixels, however few bytes it has; real files have a dozen at most


def open_jpeg(data: bytes) -> JpegImagePlugin.JpegImageFile:
    """Return a JPEG with its header read and nothing decoded.

    Pillow takes 255 for no ink in every CMYK file, which is Adobe's way; without its marker 0 is no ink.
    """
    before_pixels = takewhile(lambda segment: segment[0] != _START_OF_SCAN, _segments(data))
    if (segments := sum(1 for _ in before_pixels)) > most_parts(data):
        raise ImageError(f"{segments:,} segments in {len(data):,} bytes are no JPEG of a picture")
    image = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
    if image.mode == "CMYK" and "adobe" not in image.info:
        image.tile = [tile._replace(args=("CMYK", "")) for tile in image.tile]
    return image


def lacks_end(data: bytes, most_passes: float = math.inf) -> bool:
    """Return whether a JPEG has no end marker.

    Args:
        data: The file.
        most_passes: How often scans may go over the picture, in all decodings that it needs.

    Raises:
        ImageError: If there are more.
    """
    markers = [marker for marker, _ in _segments(data)]
    lacks = _END_OF_IMAGE not in markers
    scans, most = markers.count(_START_OF_SCAN), min(_MOST_SCANS, most_passes // (len(_TAILS) if lacks else 1))
    if scans > most:
        raise ImageError(f"a JPEG of {scans:,} scans, and of this size it may have {most:g}")
    return lacks


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
    most = _block_height(data) + _SPILL
    lost = 0 if _sends_every_coefficient(data) else image.height
    for other in images:
        if lost > most:
            raise ImageError("truncated JPEG, image data is missing")
        lost = max(lost, image.height - _equal_rows(pixels, np.asarray(other)))
    if lost:
        return image, f"JPEG cut short; the last {lost} of its {image.height} rows are incomplete"
    return image, "JPEG without end marker; all its image data is there"


def _equal_rows(pixels: npt.NDArray[np.uint8], others: npt.NDArray[np.uint8]) -> int:
    """Return how many rows from the top are the same."""
    for top in range(0, len(pixels), _COMPARED):
        part = slice(top, top + _COMPARED)
        differ = np.flatnonzero((pixels[part] != others[part]).reshape(len(pixels[part]), -1).any(axis=1))
        if len(differ):
            return top + int(differ[0])
    return len(pixels)


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
