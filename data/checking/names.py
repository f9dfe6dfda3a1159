"""What is wrong with the names of classes: unknown, misspelt, written in two ways, too rare."""

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ..formats.voc.devkit import VOC_CLASSES
from .findings import Finding

FEW = 10  # objects
_ALIKE, _NEAR = 0.8, 0.6  # of 1, as difflib measures it
_RARER = 5  # times as many objects has the name that was meant


def nearest(name: str, classes: Sequence[str]) -> str:
    """Return `; did you mean ...?` for the class whose name is nearest, if one is near."""
    found = difflib.get_close_matches(name, classes, 1, _NEAR)
    return f"; did you mean {found[0]!r}?" if found else ""


def name_faults(
    place: str, counts: Counter[str], declared: Sequence[str], rename: Mapping[str, str]
) -> Iterator[Finding]:
    """Yield what is wrong with the classes of a data set.

    Args:
        place: The data set.
        counts: Objects of each class.
        declared: The classes that it lists itself.
        rename: Names and what they are to be instead.
    """
    names = [*dict.fromkeys([*declared, *counts])]
    order = sorted(names, key=lambda name: -counts[name])
    known = [name for name in order if name in VOC_CLASSES]
    told = set[str]()
    for number, name in enumerate(order):
        more = order[:number]
        objects, mended = counts[name], f"{rename[name]!r}" if name in rename else ""
        twin = next((other for other in more if _plain(other) == _plain(name)), None)
        meant = [other for other in more if counts[other] >= max(FEW, _RARER * objects)]
        alike = difflib.get_close_matches(name, meant, 1, _ALIKE)
        if twin is not None:
            fault = f"class {name!r} with {objects:,} objects and class {twin!r} with {counts[twin]:,}"
            yield Finding("class-spelling", place, f"{fault} differ by case or spaces", mended, objects, 0)
        elif alike:
            fault = f"class {name!r} has {objects:,} objects, {alike[0]!r} {counts[alike[0]]:,}"
            yield Finding("misspelt", place, f"{fault}: the same?", mended, objects, 0)
        elif 2 * len(known) > len(names) and name not in VOC_CLASSES:
            fault = f"class {name!r} with {objects:,} objects is none of VOC's{nearest(name, VOC_CLASSES)}"
            yield Finding("misspelt", place, fault, mended, objects, 0)
        else:
            continue
        told.add(name)
    for name in names:
        if name in rename and name not in told:
            yield Finding("renamed", place, f"class {name!r}", f"{rename[name]!r}", counts[name], 0)
        elif counts[name] < FEW and name not in told:
            fault = f"class {name!r} has {counts[name]:,} objects, {FEW} or more can be learned"
            yield Finding("few", place, fault, "", counts[name], 0)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter not in " _-\t")
