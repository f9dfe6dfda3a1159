"""The one image decoder: JPEG, PNG, BMP, WebP, TIFF, AVIF or HEIC in, RGB pixels out.

Pillow decodes: it reads sizes without decoding and knows EXIF, palettes, CMYK and frames. A 500 x 375 JPEG takes about
1 ms (OpenCV: 0.7 ms, but it hands out truncated files in silence). What becomes of pixels that are not 8-bit RGB:

- grey and 1-bit: copied to the three channels (1-bit: 0 and 255);
- palette: replaced by its colours;
- alpha, and a transparent palette entry, grey or colour: composed over white; if that hides the whole image, ignored;
- CMYK: each of R, G, B is (255 - ink) * (255 - black) / 255, rounded;
- 12 and 16 bits a sample: the highest 8, so that 257 * v gives v exactly; signed, float and 32-bit ones are refused;
- animation, pages: the first one;
- EXIF orientation: applied, so the size is that of the upright picture.
"""

import contextlib
import io
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageFile, ImageOps, TiffImagePlugin, WebPImagePlugin

from ..errors import DataWarning, ImageError
from .bmp import open_bmp
from .heif import is_heif, open_heif
from .jpeg import finished_jpeg, lacks_end, open_jpeg
from .png import open_png, with_alpha
from .tiff import BITS, PHOTOMETRIC, SAMPLE_FORMAT, open_tiff

# Lower case; the content decides. Of two files with one name that with the first suffix counts.
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".jfif", ".avif", ".heic", ".heif")
MAX_BYTES = 1 << 30
MAX_PIXELS, MAX_SIDE = 64_000_000, 32_768
PASSES = 64  # of scans over a picture as large as may be: some seconds

# The readers are called directly, not through Pillow's open(): that one warns before its caller can see the size.
_READERS: tuple[tuple[bytes, Callable[[bytes], ImageFile.ImageFile]], ...] = (
    (b"\xff\xd8", open_jpeg),
    (b"\x89PNG\r\n\x1a\n", open_png),
    (b"BM", open_bmp),
    (b"RIFF", lambda data: WebPImagePlugin.WebPImageFile(io.BytesIO(data))),
    *((signature, open_tiff) for signature in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
)
_WHITE_IS_ZERO, _SIGNED = 0, 2


def read_image(
    source: str | Path | bytes, *, max_pixels: int = MAX_PIXELS, max_side: int = MAX_SIDE, name: str | None = None
) -> npt.NDArray[np.uint8]:
    """Return the upright RGB pixels of an image file.

    The size in the header is checked before anything is decoded. A JPEG that lacks only its end marker, or
    some bytes of its last row of blocks, is decoded with a DataWarning; one that lacks more is refused. Not so one that
    was cut inside a scan and given an end marker again, as some programs repair it: it breaks no rule, and comes out
    with its lower part grey. Bytes after the end marker do not matter. Safe to call from several threads.

    Args:
        source: A file of at most 1 GiB, or the bytes of one.
        max_pixels: Largest number of pixels allowed.
        max_side: Largest width or height allowed, in pixels.
        name: What messages call the image. The default is the path.

    Returns:
        uint8 (H, W, 3), contiguous and writable.

    Raises:
        ImageError: If the file is missing, empty, not an image of these formats, too large or damaged.
    """
    name = name or ("image" if isinstance(source, bytes) else str(source))
    pixels, missing = decode(file_bytes(source, name), name, max_pixels, max_side)
    if missing:
        warnings.warn(f"{name}: {missing}", DataWarning, stacklevel=2)
    return pixels


def decode(
    data: bytes, name: str, max_pixels: int = MAX_PIXELS, max_side: int = MAX_SIDE
) -> tuple[npt.NDArray[np.uint8], str | None]:
    """Return the pixels of `read_image`, and what is missing of them instead of a warning."""
    try:
        image: Pillow.Image = checked_size(opened(data), max_pixels, max_side)
        missing = None
        if image.format == "JPEG" and lacks_end(data, PASSES * max_pixels / (image.width * image.height)):
            image, missing = finished_jpeg(data)
        pixels = _pixels(image, data)
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from None
    except MemoryError as error:
        raise ImageError(f"{name}: there is not enough memory to decode it") from error
    except Exception as error:  # Pillow lets a dozen undocumented types out of damaged files
        raise ImageError(f"{name}: damaged or unsupported image: {' '.join(str(error).split())}") from error
    return pixels, missing


def file_bytes(source: str | Path | bytes, name: str) -> bytes:
    """Return the content of a regular file of at most 1 GiB: opening a pipe or a device could wait for ever.

    Args:
        source: Its path; bytes come back as they are.
        name: What messages call it.

    Raises:
        ImageError: If it is missing, no file, too large or cannot be read.
    """
    if isinstance(source, bytes):
        return source
    try:
        return _file_bytes(Path(source))
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from None


def _file_bytes(path: Path) -> bytes:
    try:
        if not path.exists():
            raise ImageError("no such file")
        if not path.is_file():
            raise ImageError("not a file")
        if (size := path.stat().st_size) > MAX_BYTES:
            raise ImageError(f"{size:,} bytes, the limit is {MAX_BYTES:,}")
        return path.read_bytes()
    except OSError as error:
        raise ImageError(f"cannot be read: {error.strerror}") from error


def opened(data: bytes) -> ImageFile.ImageFile:
    """Return the image with its header read and nothing decoded."""
    if not data:
        raise ImageError("the file is empty")
    for signature, reader in _READERS:
        if data.startswith(signature):
            return reader(data)
    if is_heif(data):
        return open_heif(data)
    raise ImageError(f"not a JPEG, PNG, BMP, WebP, TIFF, AVIF or HEIC file, it begins with {data[:8]!r}")


def checked_size(
    image: ImageFile.ImageFile, max_pixels: int = MAX_PIXELS, max_side: int = MAX_SIDE
) -> ImageFile.ImageFile:
    """Return an image that is not too large; raise ImageError if it is."""
    width, height = image.size
    if max(width, height) > max_side or width * height > max_pixels:
        raise ImageError(
            f"{width} x {height} pixels, the limits are {max_pixels} pixels and {max_side} for the longer side"
        )
    return image


def _pixels(image: Pillow.Image, data: bytes) -> npt.NDArray[np.uint8]:
    image.load()
    if image.format == "PNG":
        image = with_alpha(image, data)
    with contextlib.suppress(Exception):  # what damaged EXIF data raises is undocumented; it does not cost the image
        ImageOps.exif_transpose(image, in_place=True)
    tags = image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else {}
    if image.mode in ("I", "F") or _SIGNED in tags.get(SAMPLE_FORMAT, ()):
        raise ImageError("signed, float and 32-bit samples are not supported")
    if image.mode.startswith("I;16"):
        grey = (np.array(image) >> (tags.get(BITS, (16,))[0] - 8)).astype(np.uint8)
        if tags.get(PHOTOMETRIC) == _WHITE_IS_ZERO:  # Pillow turns only 8 bits and fewer
            grey = ~grey
        return np.stack([grey] * 3, axis=2)
    if not image.has_transparency_data:
        return np.array(image.convert("RGB"))
    colours = image.convert("RGBA")
    if colours.getchannel("A").getextrema() == (0, 0):  # a fourth channel that nobody filled
        return np.array(colours.convert("RGB"))
    rgb = Pillow.new("RGB", image.size, "white")
    rgb.paste(colours, mask=colours)
    return np.array(rgb)
