"""BMP files: run-length coded ones, which Pillow unpacks pixel by pixel in Python, may not be large."""

import io

from PIL import BmpImagePlugin

from ..errors import ImageError

_COMPRESSION = slice(30, 34)  # bytes of the header
_RUN_LENGTHS = (1, 2)
_MOST_PIXELS = 8_000_000  # of a run-length coded picture: some seconds


def open_bmp(data: bytes) -> BmpImagePlugin.BmpImageFile:
    """Return a BMP with its header read and nothing decoded.

    Raises:
        ImageError: If it is coded in run lengths and large.
    """
    image = BmpImagePlugin.BmpImageFile(io.BytesIO(data))
    pixels = image.width * image.height
    if pixels > _MOST_PIXELS and int.from_bytes(data[_COMPRESSION], "little") in _RUN_LENGTHS:
        raise ImageError(f"a run-length coded BMP may have {_MOST_PIXELS:,} pixels, and has {pixels:,}")
    return image
