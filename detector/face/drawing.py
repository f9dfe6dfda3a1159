"""Detections drawn on their image: a box and a readable label each, one colour per class."""

import colorsys
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from .fonts import readable

GOLDEN_RATIO = 0.618034


def draw(
    image: npt.NDArray[np.uint8], boxes: Sequence[Sequence[float]], captions: Sequence[str], labels: Sequence[int]
) -> Image.Image:
    """Return a copy of the image with the boxes on it; lines and letters grow with the image.

    Args:
        image: uint8 (H, W, 3) RGB.
        boxes: N boxes x1 y1 x2 y2 in pixels of the image, most important first: it is drawn last, on top.
        captions: N texts, one for each box; letters that no font here has are spelled in ASCII.
        labels: N class numbers, which decide the colours.
    """
    picture = Image.fromarray(image)
    canvas = ImageDraw.Draw(picture)
    side = max(picture.size)
    for box, caption, label in reversed(list(zip(boxes, captions, labels, strict=True))):
        colour = class_colour(label)
        # The last pixel inside a box is one before its right and bottom edge.
        left, top, right, bottom = box[0], box[1], max(box[0], box[2] - 1), max(box[1], box[3] - 1)
        canvas.rectangle((left, top, right, bottom), outline=colour, width=max(2, side // 300))
        text, font = readable(caption, max(12, side // 50))
        _, _, width, height = canvas.textbbox((0, 0), text, font=font)
        # Above the box where there is room, else inside it; never outside the image.
        x = max(0, min(left, picture.width - width - 4))
        y = top - height - 4 if top > height + 4 else top
        canvas.rectangle((x, y, x + width + 4, y + height + 4), fill=colour)
        canvas.text((x + 2, y + 2), text, fill="black", font=font)
    return picture


def class_colour(label: int) -> tuple[int, int, int]:
    """Return the colour of a class, always the same and far from those of the classes before it."""
    red, green, blue = colorsys.hsv_to_rgb(label * GOLDEN_RATIO % 1, 0.65, 1.0)
    return round(255 * red), round(255 * green), round(255 * blue)
