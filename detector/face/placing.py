"""Where the labels of boxes go: beside their box, inside the image, and beside each other as far as there is room."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

INNER = 4  # heights inside a box that are tried where nothing around it is free
ALONG = 5  # places tried along each of these lines
PREFERENCE = 1e-3  # of what overlaps, what one place is worth against the next: it decides between free ones only

_Numbers = npt.NDArray[np.float64]


def place_labels(
    sizes: Sequence[tuple[float, float]], boxes: Sequence[Sequence[float]], width: int, height: int
) -> list[tuple[int, int]]:
    """Return the left upper corner of every label, in whole pixels.

    Each in turn takes the place that overlaps least with the labels before it; of equal ones the first of: above its
    box, inside its upper edge, below it, inside its lower edge, further inside; on each of these lines from left to
    right. So the most important labels have the best places.

    Args:
        sizes: Width and height of N labels in pixels, most important first.
        boxes: Their N boxes x1 y1 x2 y2 in pixels of the image.
        width: Of the image. A label that is wider begins at its left edge; one that is higher, at its upper edge.
        height: Of the image.
    """
    placed = np.empty((len(sizes), 4))
    for number, (size, box) in enumerate(zip(sizes, boxes, strict=True)):
        places = _places(size, box, width, height)
        cost = _overlaps(places, placed[:number]) / max(size[0] * size[1], 1) + PREFERENCE * np.arange(len(places))
        placed[number] = places[cost.argmin()]
    return [(int(left), int(top)) for left, top in placed[:, :2].tolist()]


def _places(size: tuple[float, float], box: Sequence[float], width: int, height: int) -> _Numbers:
    """Return the places that a label may take inside the image, best first: (K, 4)."""
    wide, high = size
    left, top, right, bottom = box
    lines = [top - high, top, bottom, bottom - high, *np.linspace(top, bottom - high, INNER + 2)[1:-1]]
    rows = np.clip(np.round(lines), 0, max(height - high, 0))
    # What the image's edge pushes onto the box is no place above or below it any more.
    if top < high:
        rows = np.concatenate([rows[1:], rows[:1]])
    columns = np.clip(np.round(np.linspace(left, right - wide, ALONG)), 0, max(width - wide, 0))
    y, x = (axis.ravel() for axis in np.meshgrid(rows, columns, indexing="ij"))
    return np.stack([x, y, x + wide, y + high], axis=1)


def _overlaps(places: _Numbers, others: _Numbers) -> _Numbers:
    """Return the area that each place shares with other labels: (K,)."""
    sides = np.minimum(places[:, None, 2:], others[:, 2:]) - np.maximum(places[:, None, :2], others[:, :2])
    shared: _Numbers = np.maximum(sides, 0).prod(axis=2).sum(axis=1)
    return shared
