"""All that one image shows: its file is read once, its boxes are put in its frame, fitted and looked for."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..dividing.contents import digest
from ..errors import ImageError
from ..formats.layouts import is_there
from ..formats.things import Thing
from ..scoring.metrics import pair_overlaps
from ..unchecked import Found, Unchecked
from .boxes import called, fitted, read_faults
from .counting import as_array
from .findings import Finding
from .frames import LYING, frame_of
from .names import nearest
from .pictures import Picture, read_picture

REACHED = 0.5  # intersection over union
LEFT_OUT = "image left out"
_NO_PIXELS = np.zeros((0, 0, 3), np.uint8)

Search = Callable[[npt.NDArray[np.uint8]], npt.NDArray[Any]]  # pixels -> windows (N, 4)


class Rules(NamedTuple):
    """What images are held against.

    Attributes:
        classes: Names that objects may have; None allows all.
        rename: Names that are replaced, each with the one that takes its place.
        search: Finds windows; None to look for none.
        cell: Width and height of an image -> pixels along a cell of the map; None to compare with none.
    """

    classes: Sequence[str] | None
    rename: dict[str, str]
    search: Search | None
    cell: Callable[[tuple[int, int]], float] | None


class Examined(NamedTuple):
    """An image and what was found."""

    raw: Unchecked
    findings: list[Finding]
    picture: Picture | None = None  # without its pixels; None if the image cannot be used
    size: tuple[int, int] = (0, 0)
    things: Sequence[Thing] = ()  # mended
    boxes: npt.NDArray[np.float64] = as_array([])  # as the files have them, if they are in the frame of the pixels
    searched: int = 0  # objects
    labels: int = 0  # 64 bits that tell the objects


def examine(raw: Unchecked, rules: Rules, searched: bool) -> Examined:
    """Return what is wrong with an image, and what is left when it is mended."""
    objects = raw.objects or []
    findings = list(read_faults(objects))
    try:
        picture = read_picture(raw.file)
    except ImageError as error:
        return Examined(raw, [*findings, _unusable(raw, error)])
    if picture.missing:
        findings.append(Finding("cut-image", str(raw.file), picture.missing, objects=len(objects)))
    size = picture.size
    places, things, strangers = _named(objects, rules)
    findings += strangers
    frame = frame_of(raw.size, size, picture.orientation, [thing.box for thing in things])
    if frame.kind:
        findings.append(Finding(frame.kind, raw.place, frame.fault, frame.mended, len(objects)))
    if frame.move is None:
        return Examined(raw, findings)
    if things and not frame.kind and picture.orientation > 1 and (picture.orientation < LYING or raw.size != size):
        findings.append(_maybe_turned(raw, picture.orientation, len(things)))
    boxes = as_array([] if frame.kind else [thing.box for thing in things])
    moved = [thing._replace(box=frame.move(thing.box)) for thing in things]
    places, things, faults = fitted(places, moved, size)
    findings += [*faults, *_small(places, things, size, rules)]
    ordinary = [number for number, thing in enumerate(things) if not thing.difficult]
    if rules.search and searched and ordinary:
        findings += _unreached(picture.pixels, places, things, ordinary, rules.search)
    labels = digest(repr(sorted(thing[:2] for thing in things)).encode())
    count = len(ordinary) * bool(rules.search and searched)
    return Examined(raw, findings, picture._replace(pixels=_NO_PIXELS), size, things, boxes, count, labels)


def _unusable(raw: Unchecked, error: ImageError) -> Finding:
    objects, fault = len(raw.objects or ()), str(error)
    if not is_there(raw.file):
        return Finding("missing-image", raw.place, fault, LEFT_OUT, objects)
    return Finding("broken-image", str(raw.file), fault.removeprefix(f"{raw.file}: "), LEFT_OUT, objects)


def _named(objects: Sequence[Found], rules: Rules) -> tuple[list[str], list[Thing], list[Finding]]:
    """Return the objects that can be read and are of known classes, with their places, and the others' faults."""
    places, things, findings = list[str](), list[Thing](), list[Finding]()
    for found in objects:
        if found.box is None:
            continue
        name = rules.rename.get(found.name, found.name)
        if rules.classes is not None and name not in rules.classes:
            fault = f"unknown class {name!r}, the classes are {', '.join(rules.classes)}{nearest(name, rules.classes)}"
            findings.append(Finding("unknown-class", found.place, fault, "left out", objects=1))
            continue
        places.append(found.place)
        things.append(Thing(name, found.box, found.difficult, found.crowd))
    return places, things, findings


def _maybe_turned(raw: Unchecked, orientation: int, objects: int) -> Finding:
    fault = f"EXIF orientation {orientation}, and nothing tells whether it was labelled upright: taken as such"
    return Finding("orientation", str(raw.file), fault, objects=objects)


def _small(places: Sequence[str], things: Sequence[Thing], size: tuple[int, int], rules: Rules) -> Iterator[Finding]:
    if rules.cell is None:
        return
    cell = rules.cell(size)
    for place, (name, (x1, y1, x2, y2), *_) in zip(places, things, strict=True):
        if min(x2 - x1, y2 - y1) < cell:
            fault = f"{called(name, place)}has {x2 - x1:g} x {y2 - y1:g} pixels"
            yield Finding("small", place, f"{fault}, a cell of the map covers {cell:.1f} x {cell:.1f}", objects=1)


def _unreached(
    pixels: npt.NDArray[np.uint8],
    places: Sequence[str],
    things: Sequence[Thing],
    ordinary: Sequence[int],
    search: Search,
) -> Iterator[Finding]:
    windows = np.asarray(search(pixels), np.float64)
    for number in ordinary:
        best = float(pair_overlaps(np.array(things[number].box), windows).max(initial=0))
        if best < REACHED:
            fault = f"the best of {len(windows):,} windows overlaps it by {best:.2f}, and must by {REACHED}"
            name = called(things[number].name, places[number])
            yield Finding("unreached", places[number], name + fault, objects=1)
