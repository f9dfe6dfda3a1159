"""Which detections and objects a page shows: the worst false alarms, the largest objects missed, confused pairs."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sppnet.data import TIDE_KINDS, Analysis

PER_KIND, MISSES, PAIRS = 4, 12, 8
WRONG = TIDE_KINDS[:-1]  # the last, missed, is of objects


class Example(NamedTuple):
    """A place in an image; boxes are x1 y1 x2 y2 in its pixels.

    Attributes:
        image: Number of the image among those analysed.
        text: What it shows, in words.
        found: The detection, None for an object that was missed.
        truth: The object it is about, None for a detection on nothing.
    """

    image: int
    text: str
    found: npt.NDArray[np.float64] | None
    truth: npt.NDArray[np.float64] | None


def false_alarms(analysis: Analysis) -> dict[str, list[Example]]:
    """Return of every kind of error the detections of the highest scores."""
    kinds, partners = analysis.tide.kinds, analysis.tide.partners
    return {
        name: [_wrong(analysis, row, int(partners[row])) for row in np.flatnonzero(kinds == kind)[:PER_KIND].tolist()]
        for kind, name in enumerate(WRONG)
    }


def misses(analysis: Analysis) -> list[Example]:
    """Return the largest of the objects that no detection is right on, whatever its score."""
    objects = analysis.pairs.objects
    rows = np.flatnonzero(analysis.tide.unfound)
    areas = (objects.boxes[rows, 2:] - objects.boxes[rows, :2]).prod(axis=1)
    return [_missed(analysis, row) for row in rows[np.argsort(-areas, kind="stable")[:MISSES]].tolist()]


def confused_pairs(analysis: Analysis) -> list[tuple[str, str, int, Example]]:
    """Return the pairs of classes most often confused: the true one, the one found, how often, the best example."""
    found, objects, confusion = analysis.pairs.found, analysis.pairs.objects, analysis.confusion
    size = len(analysis.classes)
    counts = confusion.matrix[:size, :size] * (1 - np.eye(size, dtype=np.int64))
    pairs = []
    for cell in np.argsort(-counts, axis=None, kind="stable")[:PAIRS].tolist():
        true, called = divmod(cell, size)
        if counts[true, called]:
            mine = (objects.labels[confusion.taken] == true) & (found.labels[confusion.takers] == called)
            place = int(np.flatnonzero(mine)[0])
            example = _wrong(analysis, int(confusion.takers[place]), int(confusion.taken[place]))
            pairs.append((analysis.classes[true], analysis.classes[called], int(counts[true, called]), example))
    return pairs


def _wrong(analysis: Analysis, row: int, partner: int) -> Example:
    found, objects, names = analysis.pairs.found, analysis.pairs.objects, analysis.classes
    text = f"{names[found.labels[row]]} {found.values[row]:.2f}"
    if partner < 0:
        return Example(int(found.images[row]), f"{text}, on nothing", found.boxes[row], None)
    text = f"{text}, on {names[objects.labels[partner]]}"
    return Example(int(found.images[row]), text, found.boxes[row], objects.boxes[partner])


def _missed(analysis: Analysis, row: int) -> Example:
    objects = analysis.pairs.objects
    text = f"{analysis.classes[objects.labels[row]]}, not found"
    if analysis.covered is not None:
        text += f"; best window overlaps by {analysis.covered[row]:.2f}"
    return Example(int(objects.images[row]), text, None, objects.boxes[row])
