"""Objects as files have them, and the rules for their names, their boxes and other numbers of a file."""

import math
import reprlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..errors import DataError, EmptyBoxError, UnknownClassError
from ..unchecked import Box

UNKNOWN = (math.inf, math.inf)  # the size of an image whose annotation does not tell it
LARGEST = 1_000_000  # pixels; float32 still holds the tenths
ROUNDING = 1.0  # pixels a box may leave its image by: some tools count pixels from 0, some from 1

Object = tuple[str, Box, bool]  # class name, x1 y1 x2 y2 in outer-edge pixels, difficult


class Thing(NamedTuple):
    """An object as a file has it."""

    name: str
    box: Box  # x1 y1 x2 y2 in outer-edge pixels
    difficult: bool = False
    crowd: bool = False


class Annotation(NamedTuple):
    """What a file says of an image."""

    size: tuple[float, float]  # width and height in pixels, infinity where the file does not tell it
    objects: list[Object]  # in the order of the file, inside the image as far as its size is told
    notes: tuple[str, ...] = ()  # what is odd and costs nothing, in sentences with the place


def checked(thing: Thing, classes: Sequence[str] | None) -> Thing:
    """Return an object with its name stripped of spaces if name and box keep the rules.

    Raises:
        DataError: If not.
    """
    name = thing.name.strip()
    if not name or not name.isprintable():
        raise DataError(f"an object needs a class name of printable characters, got {reprlib.repr(thing.name)}")
    if classes is not None and name not in classes:
        raise UnknownClassError(f"unknown class {name!r}, the classes are {', '.join(classes)}")
    x1, y1, x2, y2 = thing.box
    if not all(abs(edge) <= LARGEST for edge in thing.box):  # NaN is not, either
        raise DataError(f"edges must be finite and at most {LARGEST:,} in magnitude, got {list(thing.box)}")
    if x2 <= x1 or y2 <= y1:
        raise EmptyBoxError(f"({name}): {no_area(thing.box)}")
    return thing._replace(name=name)


def clipped(box: Box, size: tuple[float, float]) -> Box:
    """Return the part of a box that is inside an image of this width and height."""
    (x1, y1, x2, y2), (width, height) = box, size
    return min(max(x1, 0), width), min(max(y1, 0), height), min(max(x2, 0), width), min(max(y2, 0), height)


def cut(box: Box, size: tuple[float, float]) -> tuple[Box | None, bool]:
    """Return the part of a box that is inside an image, or None, and whether more than rounding is outside."""
    inside = clipped(box, size)
    if inside[0] >= inside[2] or inside[1] >= inside[3]:
        return None, True
    return inside, max(abs(a - b) for a, b in zip(box, inside, strict=True)) > ROUNDING


def check_picture(annotation: Annotation, size: tuple[int, int]) -> None:
    """Raise a DataError unless an annotation fits the upright picture of this width and height."""
    if any(math.isfinite(told) and told != real for told, real in zip(annotation.size, size, strict=True)):
        raise DataError(f"size must be that of the upright picture, {_by(size)} pixels, got {_by(annotation.size)}")
    for name, box, _ in annotation.objects:
        if box[2] > size[0] + ROUNDING or box[3] > size[1] + ROUNDING:
            raise DataError(f"object {name}: {outside(box, size)}")


def edges_around(points: Sequence[tuple[float, float]]) -> Box:
    """Return the smallest box around points."""
    across, down = zip(*points, strict=True)
    return min(across), min(down), max(across), max(down)


def number(value: Any, what: str) -> float:
    """Return a number that stands in a file as such or as text.

    Raises:
        DataError: If it is none.
    """
    try:
        found = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise DataError(f"{what} must be a number, got {reprlib.repr(value)}")
    return found


def size_in(width: Any, height: Any) -> tuple[float, float]:
    """Return a size that stands in a file, with infinity for a side that it does not tell."""
    sides = []
    for side, what in ((width, "width"), (height, "height")):
        told = math.inf if side in (None, "") else number(side, what)
        if told <= 0:
            raise DataError(f"{what} must be positive, got {told:g}")
        sides.append(told)
    return sides[0], sides[1]


def no_area(box: Box) -> str:
    """Return what is wrong with a box whose edges are the same or in the wrong order."""
    return f"width and height must be positive, got x {box[0]:g} to {box[2]:g}, y {box[1]:g} to {box[3]:g}"


def outside(box: Box, size: tuple[float, float]) -> str:
    """Return what is wrong with a box that leaves an image of this size."""
    of = f" of {_by(size)} pixels" if any(map(math.isfinite, size)) else ""
    return f"the box must lie inside the image{of}, got x {box[0]:g} to {box[2]:g}, y {box[1]:g} to {box[3]:g}"


def _by(size: tuple[float, float]) -> str:
    """Return a size as `500 x 375`, with a question mark for a side not told."""
    return " x ".join(f"{side:g}" if math.isfinite(side) else "?" for side in size)
