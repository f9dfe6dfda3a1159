"""AVIF and HEIC files, both in HEIF's container (ISO/IEC 23008-12), where the libraries for them are installed."""

import importlib
import importlib.util
import io

from PIL import AvifImagePlugin, ImageFile

from ..errors import ImageError

_AVIF = {b"avif", b"avis"}
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
_MOST_BRANDS = 256  # bytes


def is_heif(data: bytes) -> bool:
    """Return whether a file is an AVIF or HEIC image; films lie in the same container."""
    return data[4:8] == b"ftyp" and bool(_brands(data) & (_AVIF | _HEIC))


def open_heif(data: bytes) -> ImageFile.ImageFile:
    """Return an AVIF or HEIC image with its header read and nothing decoded.

    Raises:
        ImageError: If no library is installed that reads it; names one.
    """
    if _brands(data) & _AVIF:
        if not AvifImagePlugin.SUPPORTED:
            raise ImageError("an AVIF image, which needs a Pillow with AVIF: pip install --upgrade pillow")
        return AvifImagePlugin.AvifImageFile(io.BytesIO(data))
    if importlib.util.find_spec("pillow_heif") is None:
        raise ImageError("a HEIC image, which needs one more package: pip install pillow-heif")
    image: ImageFile.ImageFile = importlib.import_module("pillow_heif").HeifImageFile(io.BytesIO(data))
    return image


def _brands(data: bytes) -> set[bytes]:
    """Return what the first box says the file is: its brand, a version, further brands."""
    words = data[8 : min(int.from_bytes(data[:4], "big"), _MOST_BRANDS)]
    return {words[i : i + 4] for i in range(0, len(words), 4)}
