"""From hierarchies to windows, best first: large regions before small ones, with some chance (Uijlings et al. 2013).

Neighbouring regions of a hierarchy, and the same object in two hierarchies, often give nearly the same box. Where few
windows are asked for, all but one of such a group would be wasted: the others come after all windows unlike any before.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from numba import njit

from .hashing import add, empty_set
from .superpixels import Ints

Boxes = npt.NDArray[np.float32]


def rank(hierarchies: Sequence[Ints], *, min_side: int, limit: int, seed: int) -> Boxes:
    """Return windows, best first: float32 (N, 4), N <= limit, no two the same.

    The priority of a box is its distance from the top of its hierarchy times the root of a random number (the paper: a
    random number; the root mixes large and small a little less).

    Args:
        hierarchies: int32 (M, 4) each, one or more, the box of the whole image last.
        min_side: Narrower or shorter boxes are left out, except for the whole image.
        limit: How many windows at most.
        seed: Of the random numbers.
    """
    boxes, steps, chances = _lay_out(hierarchies, seed)
    order = _pick(boxes, np.argsort(steps * np.sqrt(chances)), min_side, True)
    return boxes[order[:limit]].astype(np.float32)


def rank_by_chance(hierarchies: Sequence[Ints], *, min_side: int, limit: int, seed: int) -> Boxes:
    """Return windows in the paper's order: by the distance from the top of a hierarchy times a random number.

    Arguments and result are those of `rank`.
    """
    boxes, steps, chances = _lay_out(hierarchies, seed)
    order = _pick(boxes, np.argsort(steps * chances), min_side, False)
    return boxes[order[:limit]].astype(np.float32)


def _lay_out(hierarchies: Sequence[Ints], seed: int) -> tuple[Ints, npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return all boxes, how many steps each is from the top of its hierarchy, and a random number for each.

    The whole image has 0 steps, so that it comes first.
    """
    steps = np.concatenate([np.arange(len(hierarchy), 0, -1) for hierarchy in hierarchies])
    steps[steps == 1] = 0
    return np.concatenate(hierarchies), steps, np.random.default_rng(seed).random(len(steps))


@njit(cache=True, nogil=True)
def _pick(boxes: Ints, order: npt.NDArray[np.int64], min_side: int, delay: bool) -> npt.NDArray[np.int64]:
    """Return the order without small boxes and repetitions; with `delay` those much like an earlier one come last."""
    exact, rough = empty_set(len(boxes)), empty_set(len(boxes))
    firsts, others = np.empty(len(boxes), np.int64), np.empty(len(boxes), np.int64)
    count, alike = 0, 0
    for number in order:
        x1, y1, x2, y2 = boxes[number, 0], boxes[number, 1], boxes[number, 2], boxes[number, 3]
        if count > 0 and min(x2 - x1, y2 - y1) < min_side:
            continue
        if not add(exact, np.uint64(x1 << 48 | y1 << 32 | x2 << 16 | y2)):
            continue
        if not delay or add(rough, _rough_key(x1, y1, x2, y2)):
            firsts[count] = number
            count += 1
        else:
            others[alike] = number
            alike += 1
    return np.concatenate((firsts[:count], others[:alike]))


@njit(cache=True, nogil=True)
def _rough_key(x1: int, y1: int, x2: int, y2: int) -> np.uint64:
    """Return a key that boxes share whose edges fall on the same lines of a grid, 4 to 8 cells wide and high."""
    across, down = _cell_bits(x2 - x1), _cell_bits(y2 - y1)
    left, top = _rounded(x1, across), _rounded(y1, down)
    width, height = _rounded(x2, across) - left, _rounded(y2, down) - top
    return np.uint64((((left << 16 | top) << 4 | width) << 4 | height) << 8 | across << 4 | down)


@njit(cache=True, nogil=True)
def _cell_bits(side: int) -> int:
    bits = 0
    while side >> bits >= 8:
        bits += 1
    return bits


@njit(cache=True, nogil=True)
def _rounded(coordinate: int, bits: int) -> int:
    return (int(coordinate) + (1 << bits >> 1)) >> bits
