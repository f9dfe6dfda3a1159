"""Detections drawn on their image: a box and a readable label each, one colour per class.

Boxes are drawn first, labels after them, so that no line runs through a label.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from .colours import class_colour, text_colour
from .fonts import Font, readable
from .placing import place_labels

SMALLEST_LETTERS = 12  # pixels


def draw(
    image: npt.NDArray[np.uint8], boxes: Sequence[Sequence[float]], captions: Sequence[str], labels: Sequence[int]
) -> Image.Image:
    """Return a copy of the image with the boxes on it; lines and letters grow with the image.

    Args:
        image: uint8 (H, W, 3) RGB.
        boxes: N boxes x1 y1 x2 y2 in pixels of the image, most important first: it is drawn last, on top.
        captions: N texts, one for each box; letters that no font here has are spelled in ASCII, and what is wider than
            the image is cut off.
        labels: N class numbers, which decide the colours.
    """
    picture = Image.fromarray(image)
    canvas = ImageDraw.Draw(picture)
    letters = max(SMALLEST_LETTERS, max(picture.size) // 50)
    line, margin = max(2, letters // 6), max(2, letters // 6)
    for box, label in reversed(list(zip(boxes, labels, strict=True))):
        # The last pixel inside a box is one before its right and bottom edge.
        corners = box[0], box[1], max(box[0], box[2] - 1), max(box[1], box[3] - 1)
        canvas.rectangle(corners, outline=class_colour(label), width=line)
    texts = [_fitting(canvas, caption, letters, picture.width - 2 * margin) for caption in captions]
    sizes = [(width + 2 * margin, height + 2 * margin) for _, _, width, height in texts]
    places = place_labels(sizes, boxes, *picture.size)
    for (x, y), (wide, high), (text, font, _, _), label in reversed(
        list(zip(places, sizes, texts, labels, strict=True))
    ):
        colour = class_colour(label)
        canvas.rectangle((x, y, x + wide - 1, y + high - 1), fill=colour)
        canvas.text((x + margin, y + margin), text, fill=text_colour(colour), font=font)
    return picture


def _fitting(canvas: ImageDraw.ImageDraw, caption: str, letters: int, room: int) -> tuple[str, Font, int, int]:
    """Return a caption as it can be drawn, cut off where it is wider than there is room, its font, width and height."""
    text, font = readable(caption, letters)
    while True:
        _, _, width, height = canvas.textbbox((0, 0), text, font=font)
        if width <= room or len(text) < 2:
            break
        # As many letters as there would be room for if all were as wide.
        text = text[: max(1, min(len(text) - 1, int(len(text) * room / width)))]
    # Labels of one image are of one height, whatever letters they have.
    return text, font, int(width), max(int(height), letters + letters // 4)
