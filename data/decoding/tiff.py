"""TIFF files: those whose samples Pillow would read in silence as other ones are refused (TIFF 6.0)."""

import io

from PIL import TiffImagePlugin

from ..errors import ImageError

BITS, PHOTOMETRIC, SAMPLE_FORMAT = 258, 262, 339
_SAMPLES, _PLANAR = 277, 284
_TOGETHER, _SEPARATE = 1, 2  # the samples of a pixel; planes one after the other
_PLACES = (273, 324)  # of strips, and of tiles
_MOST_PIECES = 100_000
_MOST_SAMPLES = 6  # a pixel, that Pillow knows
_COLOURS = {0: "grey", 1: "grey", 2: "RGB", 3: "palette", 5: "CMYK", 6: "YCbCr", 8: "Lab"}
_PLANES_READ = {(2, 3), (2, 4), (5, 4), (8, 3)}  # photometric, samples: of 8 bits


class _OnePlane(TiffImagePlugin.TiffImageFile):
    """A single sample a pixel that is said to lie in separate planes, of which Pillow would forget the bits."""

    def _setup(self) -> None:
        self.tag_v2[_PLANAR] = _TOGETHER
        super()._setup()


def open_tiff(data: bytes) -> TiffImagePlugin.TiffImageFile:
    """Return a TIFF with its header read and nothing decoded.

    Raises:
        ImageError: If its samples are in an arrangement that is not read.
    """
    tags = _tags(data)
    pieces = max(len(tags.get(places, ())) for places in _PLACES)
    if pieces > _MOST_PIECES:
        raise ImageError(f"a TIFF may lie in {_MOST_PIECES:,} strips or tiles, and lies in {pieces:,}")
    samples, separate = tags.get(_SAMPLES, 1), tags.get(_PLANAR) == _SEPARATE
    planes_read = (tags.get(PHOTOMETRIC), samples) in _PLANES_READ and max(tags.get(BITS, (1,))) == 8
    if samples > _MOST_SAMPLES or (separate and samples > 1 and not planes_read):
        raise ImageError(_unsupported(tags))
    reader = _OnePlane if separate and samples == 1 else TiffImagePlugin.TiffImageFile
    try:
        return reader(io.BytesIO(data))
    except SyntaxError as error:  # Pillow's word for a combination of tags that it does not know
        raise ImageError(_unsupported(tags)) from error


def _tags(data: bytes) -> TiffImagePlugin.ImageFileDirectory_v2:
    """Return the tags of the first picture."""
    file = io.BytesIO(data)
    tags = TiffImagePlugin.ImageFileDirectory_v2(data[: 16 if b"+" in data[2:4] else 8])
    file.seek(tags.next)
    tags.load(file)
    return tags


def _unsupported(tags: TiffImagePlugin.ImageFileDirectory_v2) -> str:
    """Return what of a TIFF is not read."""
    samples, bits = tags.get(_SAMPLES, 1), " and ".join(map(str, sorted(set(tags.get(BITS, (1,))))))
    colours = _COLOURS.get(tags.get(PHOTOMETRIC, -1), "unknown colours")
    planes = ", in separate planes" if tags.get(_PLANAR) == _SEPARATE else ""
    return f"unsupported TIFF: {colours}, {samples} samples of {bits} bits a pixel{planes}"
