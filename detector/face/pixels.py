"""Images as people have them, as the pixels that the detector wants: uint8 (H, W, 3) RGB.

What becomes of what is not that already:

- a path, or the bytes of a file: decoded by `read_image`, upright;
- a PIL image: turned upright by its EXIF orientation, as files are; alpha over white; more than 8 bits: refused;
- an array (H, W) or (H, W, 1): grey, copied to the three channels;
- an array (H, W, 4): red, green, blue, alpha; composed over white;
- floats: from 0 to 1 if none is above 1, and scaled by 255; from 0 to 255 if the largest is 2 or more; rounded. Between
  1 and 2 the largest leaves open which it is, and is refused, as are negative ones, NaN and infinity;
- whole numbers other than uint8: refused, their range is anybody's guess.

Arrays are RGB; nothing in an array tells that it is BGR, as OpenCV reads.
"""

import sys
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..types import Image
from .reading import read

if TYPE_CHECKING:
    from PIL import Image as Pillow

AMBIGUOUS = 2.0  # floats whose largest is above 1 and below this may be meant from 0 to 1, or be a very dark image
_Bytes = bytes | bytearray | memoryview


def listed(images: Any) -> tuple[list[Any], bool]:
    """Return images as a list, and whether it was one image by itself.

    Args:
        images: One image, or any number in a list, a generator or an array (N, H, W, 3).

    Raises:
        InputError: If it is neither.
    """
    several = images.ndim == 4 or images.dtype == object if isinstance(images, np.ndarray) else not _is_one(images)
    if not several:
        return [images], True
    try:
        return list(images), False
    except TypeError:
        raise InputError(f"images must be one image or several in a list, not {type(images).__name__}") from None


def pixels(source: Any, number: int) -> Image:
    """Return the pixels of an image, uint8 (H, W, 3); such an array is returned as it is.

    Args:
        source: A path, the bytes of a file, a PIL image or an array.
        number: What messages call an image that has no path.

    Raises:
        InputError: If it is nothing of that, or breaks a rule.
    """
    if isinstance(source, np.ndarray):
        return _of_array(source, number)
    if isinstance(source, str | PathLike):
        return read(source)
    if isinstance(source, _Bytes):
        return read(bytes(source), f"image {number}")
    if _is_pillow(source):
        return _of_pillow(source, number)
    kinds = "a path, the bytes of a file, a PIL image or an array"
    raise InputError(f"image {number}: must be {kinds}, not {type(source).__name__}")


def _is_one(images: Any) -> bool:
    return isinstance(images, str | PathLike | _Bytes) or _is_pillow(images)


def _is_pillow(source: Any) -> "TypeGuard[Pillow.Image]":
    module = sys.modules.get("PIL.Image")  # where nobody has imported it, there are no such images
    return module is not None and isinstance(source, module.Image)


def _of_array(array: npt.NDArray[Any], number: int) -> Image:
    if array.ndim not in (2, 3) or array.shape[2:] not in ((), (1,), (3,), (4,)):
        hint = "; its channels must come last" if array.ndim == 3 and array.shape[0] in (1, 3, 4) else ""
        shapes = "(height, width), (height, width, 3) or (height, width, 4)"
        raise InputError(f"image {number}: must be an array {shapes}, not {array.shape}{hint}")
    if 0 in array.shape:
        raise InputError(f"image {number}: has no pixels, its shape is {array.shape}")
    values = array if array.dtype == np.uint8 else _of_floats(array, number)
    if values.shape[2:] == (3,):
        return values
    if values.shape[2:] == (4,):
        from PIL import Image as Pillow

        return _over_white(Pillow.fromarray(np.ascontiguousarray(values)))
    return np.repeat(values.reshape(*values.shape[:2], 1), 3, axis=2)


def _of_floats(array: npt.NDArray[Any], number: int) -> Image:
    """Return floats as 8-bit values, or raise InputError that tells why their range is not known."""
    if not np.issubdtype(array.dtype, np.floating):
        raise InputError(f"image {number}: must be an array of uint8 or of floats, not of {array.dtype}")
    if not np.isfinite(array).all():
        raise InputError(f"image {number}: holds NaN or infinity")
    least, most = float(array.min()), float(array.max())
    if least < 0 or most > 255:
        raise InputError(f"image {number}: floats must be from 0 to 1 or from 0 to 255, not {least:.6g} to {most:.6g}")
    if 1 < most < AMBIGUOUS:
        raise InputError(
            f"image {number}: floats up to {most:.6g} may be meant from 0 to 1 or from 0 to 255; give uint8 instead"
        )
    values: Image = np.rint(array.astype(np.float64) * (255 if most <= 1 else 1)).astype(np.uint8)
    return values


def _of_pillow(picture: "Pillow.Image", number: int) -> Image:
    from PIL import ImageOps

    if picture.mode in ("I", "F") or picture.mode.startswith("I;"):
        raise InputError(f"image {number}: a PIL image of mode {picture.mode} must be converted to 8 bits first")
    if 0 in picture.size:
        raise InputError(f"image {number}: has no pixels, its size is {picture.size}")
    picture = ImageOps.exif_transpose(picture)
    return _over_white(picture.convert("RGBA")) if picture.has_transparency_data else np.array(picture.convert("RGB"))


def _over_white(picture: "Pillow.Image") -> Image:
    from PIL import Image as Pillow

    rgb = Pillow.new("RGB", picture.size, "white")
    rgb.paste(picture, mask=picture)
    return np.array(rgb)
