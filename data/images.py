"""The one image decoder: JPEG, PNG, BMP, WebP or TIFF in, RGB pixels out.

Pillow decodes: it reads sizes without decoding and knows EXIF, palettes, CMYK and frames. A 500 x 375 JPEG takes about
1 ms (OpenCV: 0.7 ms, but it hands out truncated files in silence). What becomes of pixels that are not 8-bit RGB:

- grey and 1-bit: copied to the three channels (1-bit: 0 and 255);
- palette: replaced by its colours;
- alpha, and a transparent palette entry or colour: composed over white;
- CMYK: each of R, G, B is (255 - ink) * (255 - black) / 255, rounded;
- 12 and 16 bits a sample: the highest 8, so that 257 * v gives v exactly; signed, float and 32-bit ones are refused;
- animation, pages: the first one;
- EXIF orientation: applied, so the size is that of the upright picture.
"""

import contextlib
import io
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import BmpImagePlugin, ImageFile, ImageOps, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin
from PIL import Image as Pillow

from .errors import DataWarning, ImageError

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")  # lower case; the content decides
MAX_BYTES = 1 << 30

# The readers are called directly, not through Pillow's open(): that one warns before its caller can see the size.
_READERS: tuple[tuple[bytes, type[ImageFile.ImageFile]], ...] = (
    (b"\xff\xd8", JpegImagePlugin.JpegImageFile),
    (b"\x89PNG\r\n\x1a\n", PngImagePlugin.PngImageFile),
    (b"BM", BmpImagePlugin.BmpImageFile),
    (b"RIFF", WebPImagePlugin.WebPImageFile),
    (b"II*\0", TiffImagePlugin.TiffImageFile),
    (b"MM\0*", TiffImagePlugin.TiffImageFile),
    (b"II+\0", TiffImagePlugin.TiffImageFile),
    (b"MM\0+", TiffImagePlugin.TiffImageFile),
)
_TIFF_BITS, _TIFF_PHOTOMETRIC, _TIFF_SAMPLE_FORMAT = 258, 262, 339
_WHITE_IS_ZERO, _SIGNED = 0, 2
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")  # without those that stand alone, data and padding
_TAILS = (b"", b"\0" * 64, b"\x55" * 64, b"\xaa" * 64, b"\xfe" * 64)


def read_image(
    source: str | Path | bytes, *, max_pixels: int = 64_000_000, max_side: int = 32_768, name: str | None = None
) -> npt.NDArray[np.uint8]:
    """Return the upright RGB pixels of an image file.

    The size in the header is checked before anything is decoded. A JPEG that lacks only its end marker is decoded with
    a DataWarning; one that lacks image data is refused. Not so one that was cut inside a scan and given an end marker
    again, as some programs repair it: it breaks no rule, and comes out with its lower part grey. Bytes after the end
    marker do not matter. Safe to call from several threads.

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
    try:
        data = source if isinstance(source, bytes) else _file_bytes(Path(source))
        image = _checked(_open(data), max_pixels, max_side)
        unfinished = image.format == "JPEG" and all(marker != _END_OF_IMAGE for marker, _ in _jpeg_segments(data))
        pixels = _pixels(_finished_jpeg(data) if unfinished else image)
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from None
    except Exception as error:  # Pillow lets a dozen undocumented types out of damaged files
        raise ImageError(f"{name}: damaged or unsupported image: {error}") from error
    if unfinished:
        warnings.warn(f"{name}: JPEG without end marker; all its image data is there", DataWarning, stacklevel=2)
    return pixels


def _file_bytes(path: Path) -> bytes:
    """Return the content of a regular file: opening a pipe or a device could wait for ever."""
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


def _open(data: bytes) -> ImageFile.ImageFile:
    """Return the image with its header read and nothing decoded."""
    if not data:
        raise ImageError("the file is empty")
    for signature, reader in _READERS:
        if data.startswith(signature):
            return reader(io.BytesIO(data))
    raise ImageError(f"not a JPEG, PNG, BMP, WebP or TIFF file, it begins with {data[:8]!r}")


def _checked(image: ImageFile.ImageFile, max_pixels: int, max_side: int) -> ImageFile.ImageFile:
    width, height = image.size
    if max(width, height) > max_side or width * height > max_pixels:
        raise ImageError(
            f"{width} x {height} pixels, the limits are {max_pixels} pixels and {max_side} for the longer side"
        )
    return image


def _finished_jpeg(data: bytes) -> Pillow.Image:
    """Return a JPEG that lacks its end marker, if all its image data is there.

    It is there if no pixel depends on the bytes that follow, and every coefficient of every component was sent.
    """
    data = data.rstrip(b"\xff")  # half an end marker
    images = (_open(data + tail + bytes([0xFF, _END_OF_IMAGE])) for tail in _TAILS)
    image = next(images)
    pixels = image.tobytes()
    if any(other.tobytes() != pixels for other in images) or not _sends_every_coefficient(data):
        raise ImageError("truncated JPEG, image data is missing")
    return image


def _sends_every_coefficient(data: bytes) -> bool:
    """Return whether the scans of a JPEG leave out no coefficient (ITU T.81, B.2): a cut can fall between two scans."""
    missing: set[tuple[int, int]] = set()
    for marker, content in _jpeg_segments(data):
        if 0xC0 <= marker <= 0xC2:
            missing = {(component, k) for component in content[6::3] for k in range(64)}
        elif marker == _START_OF_SCAN:
            first, last, approximation = content[-3:]
            if approximation % 16 == 0:  # the scan brings the last bits
                missing -= {(component, k) for component in content[1:-3:2] for k in range(first, last + 1)}
    return not missing


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the marker and the content of each segment of a JPEG, the end marker last, if there is one (T.81, B.1).

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


def _pixels(image: Pillow.Image) -> npt.NDArray[np.uint8]:
    image.load()
    with contextlib.suppress(Exception):  # what damaged EXIF data raises is undocumented; it does not cost the image
        ImageOps.exif_transpose(image, in_place=True)
    tags = image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else {}
    if image.mode in ("I", "F") or _SIGNED in tags.get(_TIFF_SAMPLE_FORMAT, ()):
        raise ImageError("signed, float and 32-bit samples are not supported")
    if image.mode.startswith("I;16"):
        grey = (np.array(image) >> (tags.get(_TIFF_BITS, (16,))[0] - 8)).astype(np.uint8)
        if tags.get(_TIFF_PHOTOMETRIC) == _WHITE_IS_ZERO:  # Pillow turns only 8 bits and fewer
            grey = ~grey
        return np.stack([grey] * 3, axis=2)
    if image.has_transparency_data:
        colours = image.convert("RGBA")
        rgb = Pillow.new("RGB", image.size, "white")
        rgb.paste(colours, mask=colours)
    else:
        rgb = image.convert("RGB")
    return np.array(rgb)
