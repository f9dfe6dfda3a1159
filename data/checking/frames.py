"""In which frame the boxes of an image are: that of its pixels, of the lying photo, or of another size."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..formats.things import ROUNDING
from ..unchecked import Box

Size = tuple[float, float]
Move = Callable[[Box], Box]

LYING = 5  # EXIF's orientations from here on exchange width and height
_SLIP = 2.0  # pixels by which a size may be wrong without the picture being another


class Frame(NamedTuple):
    """What is wrong with the frame, and how boxes come from it into that of the upright pixels."""

    kind: str = ""  # of finding; empty for none
    fault: str = ""
    mended: str = ""
    move: Move | None = lambda box: box  # None if it cannot be told


def frame_of(told: Size, real: Size, orientation: int, boxes: Sequence[Box]) -> Frame:
    """Return the frame of an image's boxes.

    Args:
        told: Width and height as the annotation tells them, infinity where it does not.
        real: Those of the upright pixels.
        orientation: EXIF's.
        boxes: All of the image, ordered corners.
    """
    lying = orientation >= LYING
    stored = real[::-1] if lying else real
    if all(side in (math.inf, truth) for side, truth in zip(told, real, strict=True)):
        if not lying or _fit(boxes, real) or not _fit(boxes, stored):
            return Frame()
        fault = f"boxes leave the upright picture of {_by(real)} and fit the lying one, {_by(stored)}"
        return _turned(fault, real, orientation)
    fault = f"the size must be that of the upright picture, {_by(real)}, got {_by(told)}"
    resized = Frame("wrong-size", fault, f"size {_by(real)}")
    if lying and told == stored and told != real:
        if _fit(boxes, stored):
            return _turned(
                f"{fault}, which is that of the lying photo (EXIF orientation {orientation})", real, orientation
            )
        return resized
    if told == real[::-1]:
        frame = resized._replace(kind="swapped-size", fault=f"{fault}: width and height are exchanged")
        return frame if _fit(boxes, real) else _lost(frame, "and boxes that fit only the other way: turned by hand?")
    if all(abs(side - truth) <= _SLIP or side == math.inf for side, truth in zip(told, real, strict=True)):
        return resized
    scale = real[0] / told[0]
    if abs(told[1] * scale - real[1]) <= max(1.0, scale) and _fit(boxes, told):
        mended = f"boxes times {scale:g}, size {_by(real)}"
        return Frame("wrong-size", f"{fault}: resized after it was labelled", mended, lambda box: _scaled(box, scale))
    return resized if _fit(boxes, real) else _lost(resized, "and boxes that leave it: another picture?")


def _turned(fault: str, real: Size, orientation: int) -> Frame:
    return Frame("turned", fault, "boxes turned upright", lambda box: turned(box, real, orientation))


def _lost(frame: Frame, why: str) -> Frame:
    return frame._replace(fault=f"{frame.fault}, {why}", mended="image left out", move=None)


def turned(box: Box, size: Size, orientation: int) -> Box:
    """Return a box of a lying photo in the upright one of this width and height (EXIF 2.32, 4.6.5.1 Orientation)."""
    (x1, y1, x2, y2), (width, height) = box, size
    if orientation >= LYING:
        x1, y1, x2, y2 = y1, x1, y2, x2
    if orientation in (2, 3, 6, 7):
        x1, x2 = width - x2, width - x1
    if orientation in (3, 4, 7, 8):
        y1, y2 = height - y2, height - y1
    return x1, y1, x2, y2


def _scaled(box: Box, scale: float) -> Box:
    x1, y1, x2, y2 = box
    return x1 * scale, y1 * scale, x2 * scale, y2 * scale


def _fit(boxes: Sequence[Box], size: Size) -> bool:
    width, height = size
    return all(min(box) >= -ROUNDING and box[2] <= width + ROUNDING and box[3] <= height + ROUNDING for box in boxes)


def _by(size: Size) -> str:
    return " x ".join(f"{side:g}" if math.isfinite(side) else "?" for side in size)
