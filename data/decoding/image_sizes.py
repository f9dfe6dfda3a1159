"""Sizes of pictures from the headers of their files, for formats of annotations that do not hold them."""

from pathlib import Path

from PIL import Image as Pillow

from .images import checked_size, file_bytes, opened, read_image

_FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "TIFF")
_ORIENTATION, _TURNED = 0x0112, 5  # EXIF's tag; from this value on, width and height are exchanged
_LATE_TAGS = (b"eXIf", b"exif", b"XML:com.adobe.xmp")  # a PNG may hold its orientation after its pixels


def image_size(file: Path) -> tuple[int, int]:
    """Return width and height of the upright picture that `read_image` would return, without decoding it if possible.

    Raises:
        ImageError: If the file is no image that can be read.
    """
    try:
        data = file_bytes(file, str(file))
        with opened(data) as image:
            width, height = image.size
            if image.format not in _FORMATS:
                raise ValueError(f"{image.format} tells its size when it is decoded")
            turned = _may_be_turned(image, data) and checked_size(image).getexif().get(_ORIENTATION, 1) >= _TURNED
    except Exception:  # Pillow lets a dozen undocumented types out; the one decoder says what is wrong
        height, width = read_image(file).shape[:2]
        return width, height
    return (height, width) if turned else (width, height)


def _may_be_turned(image: Pillow.Image, data: bytes) -> bool:
    if image.format == "PNG":  # only if there are tags is it worth the decoding that Pillow needs to find them
        return any(tag in data for tag in _LATE_TAGS)
    return image.format != "TIFF"  # which Pillow has turned already
