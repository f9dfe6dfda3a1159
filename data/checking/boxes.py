"""What is wrong with the boxes of one image, and the boxes that are left when it is mended."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from ..errors import EmptyBoxError, UnknownClassError
from ..formats.things import Thing, cut
from ..scoring.metrics import pair_overlaps
from ..unchecked import Box, Found
from .findings import Finding

SAME = 0.98  # intersection over union of two boxes that are one


def read_faults(objects: Iterable[Found]) -> Iterator[Finding]:
    """Yield what is wrong with objects as their files have them."""
    for found in objects:
        if found.note:
            yield Finding("odd-mark", found.place, found.note, objects=1)
        if isinstance(found.error, UnknownClassError):
            yield Finding("unknown-class", found.place, str(found.error), "left out", objects=1)
        elif isinstance(found.error, EmptyBoxError):
            yield Finding("no-area", found.place, str(found.error), "left out", objects=1)
        elif found.error and found.box is None:
            yield Finding("bad-object", found.place, str(found.error), "left out", objects=1)
        elif found.error:
            yield Finding("reversed", found.place, str(found.error), "corners exchanged", objects=1)


def fitted(
    places: Sequence[str], things: Sequence[Thing], size: tuple[int, int]
) -> tuple[list[str], list[Thing], list[Finding]]:
    """Return the objects that are inside an image of this size and different, with their places and what was wrong."""
    findings: list[Finding] = []
    kept: list[tuple[str, Thing]] = []
    for place, thing in zip(places, things, strict=True):
        inside, lacks = cut(thing.box, size)
        if lacks:
            name = called(thing.name, place)
            fault = f"{name}must lie inside the image of {size[0]} x {size[1]}, got {_edges(thing.box)}"
            mended = f"clipped to {_edges(inside)}" if inside else "left out"
            findings.append(Finding("outside", place, fault, mended, objects=1))
        if inside:
            kept.append((place, thing._replace(box=inside)))
    repeated = list(_repeated([place for place, _ in kept], [thing for _, thing in kept]))
    findings += [finding for _, finding in repeated]
    gone = {number for number, finding in repeated if finding.mended}
    left = [pair for number, pair in enumerate(kept) if number not in gone]
    return [place for place, _ in left], [thing for _, thing in left], findings


def called(name: str, place: str) -> str:
    """Return the name of an object's class as it begins a fault, unless the place tells it."""
    return "" if place.endswith(f"({name})") else f"({name}): "


def _repeated(places: Sequence[str], things: Sequence[Thing]) -> Iterator[tuple[int, Finding]]:
    """Yield the numbers of objects whose box an earlier one has, and what to say of it."""
    boxes = np.array([thing.box for thing in things], np.float64).reshape(-1, 4)
    for number in range(1, len(things)):
        overlaps = pair_overlaps(boxes[number], boxes[:number])
        for other in np.flatnonzero(overlaps >= SAME)[:1]:
            name, before = things[number].name, things[other].name
            earlier = called(before, places[other]).rstrip(": ")
            fault = f"{called(name, places[number])}overlaps {_short(places[other])} {earlier}".rstrip()
            fault += f" by {overlaps[other]:.2f}"
            if name == before:
                yield number, Finding("repeated-box", places[number], fault, "only the first is kept", objects=1)
            else:
                yield number, Finding("two-classes", places[number], fault, objects=1)


def _short(place: str) -> str:
    """Return the end of a place, which comes behind one in the same file."""
    return place.rpartition(": ")[2]


def _edges(box: Box) -> str:
    return f"x {box[0]:g} to {box[2]:g}, y {box[1]:g} to {box[3]:g}"
