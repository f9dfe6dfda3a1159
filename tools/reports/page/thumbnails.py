"""Small pictures of examples: the part of the image around both boxes, as JPEG in a data URI."""

import base64
import io
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from sppnet.data import DataError

from .examples import Example

SIDE, QUALITY = 220, 80  # pixels of the longer side, and JPEG's
MARGIN, LEAST = 0.35, 48  # around the boxes: a share of their size, and pixels that are shown at least
FOUND, TRUTH, SHADE = (255, 140, 0), (0, 220, 255), (0, 0, 0)
DASH = 6  # pixels


class Thumbnail(NamedTuple):
    """An example with its picture; the address is empty, and the text says why, where the image cannot be read."""

    image: str
    text: str
    address: str
    width: int
    height: int


def thumbnails(
    examples: Sequence[Example], names: Sequence[str], read: Callable[[int], npt.NDArray[np.uint8]]
) -> list[Thumbnail]:
    """Return the pictures of examples, in their order; every image is read once.

    Args:
        examples: What is to be seen.
        names: Of the images, by the numbers in the examples.
        read: Returns the pixels of an image, uint8 (H, W, 3); it may raise a DataError.
    """
    made: dict[int, Thumbnail] = {}
    for number in sorted({example.image for example in examples}):
        mine = [place for place, example in enumerate(examples) if example.image == number]
        try:
            pixels = read(number)
        except DataError:
            made |= {n: Thumbnail(names[number], f"{examples[n].text} (image cannot be read)", "", 0, 0) for n in mine}
            continue
        made |= {n: _thumbnail(examples[n], names[number], pixels) for n in mine}
    return [made[place] for place in range(len(examples))]


def _thumbnail(example: Example, name: str, pixels: npt.NDArray[np.uint8]) -> Thumbnail:
    left, top, right, bottom = _part(example, pixels.shape[1], pixels.shape[0])
    picture = Image.fromarray(pixels[top:bottom, left:right])
    scale = SIDE / max(picture.size)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    picture = picture.resize(size, Image.Resampling.LANCZOS)
    canvas = ImageDraw.Draw(picture)
    for box, colour, dashed in ((example.truth, TRUTH, True), (example.found, FOUND, False)):
        if box is not None:
            x1, y1, x2, y2 = ((box - [left, top, left, top]) * scale).tolist()
            _outline(canvas, (x1, y1, max(x1, x2 - 1), max(y1, y2 - 1)), colour, dashed)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=QUALITY)
    address = f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
    return Thumbnail(name, example.text, address, *picture.size)


def _part(example: Example, width: int, height: int) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of what is shown: both boxes with a margin, inside the image, not empty."""
    boxes = np.array([box for box in (example.found, example.truth) if box is not None])
    corners = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    centre, size = (corners[0] + corners[1]) / 2, corners[1] - corners[0]
    half = np.maximum(size * (0.5 + MARGIN), LEAST / 2)
    x1, y1 = np.floor(centre - half).astype(int).tolist()
    x2, y2 = np.ceil(centre + half).astype(int).tolist()
    left, top = min(max(x1, 0), width - 1), min(max(y1, 0), height - 1)
    return left, top, max(min(x2, width), left + 1), max(min(y2, height), top + 1)


def _outline(
    canvas: ImageDraw.ImageDraw, box: tuple[float, float, float, float], colour: tuple[int, int, int], dashed: bool
) -> None:
    """Draw a box, dark around the colour so that it is seen on everything."""
    canvas.rectangle(box, outline=SHADE, width=4)
    x1, y1, x2, y2 = box
    for start, end in (((x1, y1), (x2, y1)), ((x2, y1), (x2, y2)), ((x2, y2), (x1, y2)), ((x1, y2), (x1, y1))):
        for piece in _dashes(start, end) if dashed else [(start, end)]:
            canvas.line(piece, fill=colour, width=3)


def _dashes(
    start: tuple[float, float], end: tuple[float, float]
) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Yield every second piece of a line."""
    first, last = np.array(start), np.array(end)
    count = max(1, int(np.abs(last - first).max() // DASH))
    places = [tuple((first + (last - first) * part / count).tolist()) for part in range(count + 1)]
    yield from zip(places[:-1:2], places[1::2], strict=False)
