"""PNG files: transparent colours at every depth, and metadata of any size (ISO/IEC 15948)."""

import io
import re
import zlib

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import PngImagePlugin

from ..errors import ImageError
from .parts import most_parts

_SIGNATURE = 8  # bytes
_METADATA = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")  # what Pillow refuses from 1 MB on, and pixels do not need
_XMP = b"XML:com.adobe.xmp"
_ORIENTATION = re.compile(rb'tiff:Orientation(="|>)[0-9]')  # as Pillow looks for it
_EXIF = b"Raw profile type exif"  # ImageMagick's way
_MAX_XMP, _MAX_EXIF = 64 << 20, 1 << 20  # bytes; of more the orientation is not looked for
_MOST_TEXTS = 4  # in which it is looked for
_TURNING = ("exif", _XMP.decode(), _EXIF.decode())


def open_png(data: bytes) -> PngImagePlugin.PngImageFile:
    """Return a PNG with its header read and nothing decoded, and no metadata but its orientation."""
    return PngImagePlugin.PngImageFile(io.BytesIO(_without_metadata(data)))


def with_alpha(image: Pillow.Image, data: bytes) -> Pillow.Image:
    """Return a decoded PNG with an alpha channel for its transparent grey or colour, if it names one.

    Pillow compares 8 bits of each pixel with what the file names in 2, 4 or 16.
    """
    key = image.info.get("transparency")
    if image.mode == "P" or key is None:
        return image
    bits = data[24]
    if image.mode == "RGB" and bits == 16:
        alike = (_samples(data, "RGB;16B").astype(np.uint16) << 8 | _samples(data, "RGB;16L")) == key
    elif image.mode == "RGB":
        alike = np.asarray(image) == np.array(key) % 256
    elif image.mode == "L":
        largest = 2**bits - 1
        alike = np.asarray(image) == (key & largest) * (255 // largest)
    else:
        alike = np.asarray(image.convert("L") if image.mode == "1" else image) == key
    eight = image if image.mode != "I;16" else Pillow.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    keyed = eight.convert("RGB")
    keyed.putalpha(Pillow.fromarray(np.where(alike.reshape(*alike.shape[:2], -1).all(axis=2), 0, 255).astype(np.uint8)))
    keyed.info = {name: value for name, value in image.info.items() if name in _TURNING}
    return keyed


def _samples(data: bytes, byte: str) -> npt.NDArray[np.uint8]:
    """Return one byte of the 16-bit samples of a PNG, as Pillow's name of the other order gives the lower one."""
    image = open_png(data)
    image.tile = [tile._replace(args=byte) for tile in image.tile]
    return np.asarray(image)


def _without_metadata(data: bytes) -> bytes:
    """Return a PNG without texts and colour profile, but for the orientation that a text may tell."""
    kept, start, position, chunks, texts = [], 0, _SIGNATURE, 0, 0
    while position + 8 <= len(data):
        length, kind = int.from_bytes(data[position : position + 4], "big"), data[position + 4 : position + 8]
        end = position + 12 + length
        if (chunks := chunks + 1) > most_parts(data):
            raise ImageError(f"more than {most_parts(data):,} chunks in {len(data):,} bytes are no PNG of a picture")
        if kind in _METADATA:
            texts += data.startswith((_XMP, _EXIF), position + 8)
            turning = _turning_text(kind, data[position + 8 : end - 4]) if texts <= _MOST_TEXTS else b""
            kept += [data[start:position], turning]
            start = end
        position = end
    return b"".join([*kept, data[start:]]) if kept else data


def _turning_text(kind: bytes, content: bytes) -> bytes:
    """Return a chunk with the orientation that a text tells, empty if it tells none."""
    keyword, _, text = content.partition(b"\0")
    if kind == b"iTXt" and keyword == _XMP:
        found = _ORIENTATION.search(_international_text(text))
        return _chunk(b"iTXt", _XMP + bytes(5) + found[0]) if found else b""
    if kind in (b"tEXt", b"zTXt") and keyword == _EXIF:
        plain = text if kind == b"tEXt" else _inflated(text[1:], _MAX_EXIF)
        return _chunk(b"tEXt", _EXIF + b"\0" + plain) if len(plain) < _MAX_EXIF else b""
    return b""


def _international_text(content: bytes) -> bytes:
    """Return the text of an iTXt chunk: a flag, a method, the language, the translated keyword, the text."""
    text = content[2:].split(b"\0", 2)[-1]
    return _inflated(text, _MAX_XMP) if content[:1] == b"\1" else text


def _inflated(data: bytes, limit: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, limit)
    except zlib.error:
        return b""


def _chunk(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")
