"""Results by kind of object: by its size, its shape, and how many there are in its image.

As COCO does for sizes: objects of other kinds are as good as difficult, detections on them are left out, and so are
false alarms whose own box is of another kind.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..scoring.metrics import Bools, Floats, Integers, area_precision
from ..scoring.recall import OBJECT_SIZES
from .pairs import Pairs, first_of_each

Kinds = Mapping[str, tuple[float, float]]  # name -> least value and limit
_Numbers = Floats | npt.NDArray[np.integer]

RIGHT = 0.5
ASPECTS = {
    "very tall, below 1:2": (0, 0.5),
    "tall, to 4:5": (0.5, 0.8),
    "about square": (0.8, 1.25),
    "wide, to 2:1": (1.25, 2),
    "very wide, above 2:1": (2, math.inf),
}
NUMBERS = {"1": (1, 2), "2 or 3": (2, 4), "4 to 7": (4, 8), "8 or more": (8, math.inf)}


class Slice(NamedTuple):
    """How one kind of object fares.

    Attributes:
        by: size, aspect or number.
        name: The kind.
        objects: How many ordinary objects there are of it.
        precision: Mean over the classes of average precision (area, at an overlap of 0.5); NaN without objects.
        recall: Share of the objects that has a detection, whatever its score; NaN without objects.
        ceiling: Share of the objects that some window covers; NaN without objects, None where windows are unknown.
    """

    by: str
    name: str
    objects: int
    precision: float
    recall: float
    ceiling: float | None


def slices(pairs: Pairs, classes: int, covered: Floats | None) -> list[Slice]:
    """Return results by size (COCO's), aspect (width to height) and number of objects in an image.

    Args:
        pairs: Detections and objects.
        classes: Number of classes.
        covered: float64 (M,), the best overlap of a window with every object; None where windows are unknown.
    """
    overlap, own = pairs.best(pairs.same)
    taken = np.where(overlap >= RIGHT, own, -1)
    numbers = np.bincount(pairs.objects.images[~pairs.objects.values], minlength=_last(pairs) + 1)
    shown, true = pairs.found.boxes, pairs.objects.boxes
    tables: tuple[tuple[str, Kinds, _Numbers, _Numbers], ...] = (
        ("size", OBJECT_SIZES, _areas(shown), _areas(true)),
        ("aspect", ASPECTS, _aspects(shown), _aspects(true)),
        ("number", NUMBERS, numbers[pairs.found.images], numbers[pairs.objects.images]),
    )
    found = []
    for by, kinds, of_found, of_objects in tables:
        for name, (least, limit) in kinds.items():
            inside = (of_objects >= least) & (of_objects < limit) & ~pairs.objects.values
            alarms = (of_found >= least) & (of_found < limit)
            precision, recall = _result(pairs, classes, taken, inside, alarms)
            ceiling = None if covered is None else _share(covered[inside] >= RIGHT)
            found.append(Slice(by, name, int(inside.sum()), precision, recall, ceiling))
    return found


def _result(pairs: Pairs, classes: int, taken: Integers, inside: Bools, alarms: Bools) -> tuple[float, float]:
    """Return mean average precision and recall of the objects inside a slice."""
    on_object = taken >= 0
    on_inside = np.zeros(len(taken), np.bool_)
    on_inside[on_object] = inside[taken[on_object]]
    right = first_of_each(taken) & on_inside
    counted = on_inside | (~on_object & alarms)
    labels = pairs.found.labels
    objects = np.bincount(pairs.objects.labels[inside], minlength=classes)
    values = [
        area_precision(np.cumsum(right[counted & (labels == label)]), int(objects[label]))
        for label in np.flatnonzero(objects)
    ]
    total = int(objects.sum())
    return (float(np.mean(values)), float(right.sum() / total)) if total else (math.nan, math.nan)


def _areas(boxes: Floats) -> Floats:
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).prod(axis=1))


def _aspects(boxes: Floats) -> Floats:
    """Return width to height; boxes without one are as wide as can be."""
    sides = boxes[:, 2:] - boxes[:, :2]
    aspects: Floats = np.divide(sides[:, 0], sides[:, 1], out=np.full(len(sides), 1e9), where=sides[:, 1] > 0)
    return aspects


def _share(flags: Bools) -> float:
    return float(flags.mean()) if len(flags) else math.nan


def _last(pairs: Pairs) -> int:
    return int(max(pairs.found.images.max(initial=0), pairs.objects.images.max(initial=0)))
