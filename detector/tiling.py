"""Large pictures by overlapping tiles: small objects keep their pixels, objects on a border are found whole beside it.

The conv layers see an image at a fixed short side, in which what is small in a large picture vanishes. So the picture
is seen in tiles, one at a time, and once as a whole, made small, for what is larger than a tile.
"""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from .checks import check_image
from .errors import InputError
from .scoring.boxes import areas, suppress
from .scoring.inference import Inference
from .types import Floats, Image, Indices

if TYPE_CHECKING:
    from .combination import Combination
    from .model import SPPNet

NEAR = 0.02  # of a tile: so close to its border a box counts as cut, because regression moves edges
COVERED = 0.5  # of its area: a cut box of which more is in an uncut one shows the same object
COLUMNS = ("boxes", "labels", "scores", "margins")

Found = dict[str, npt.NDArray[Any]]


def predict_tiled(
    model: "SPPNet | Combination",
    image: Image,
    *,
    tile: int = 1000,
    overlap: float = 0.2,
    whole: int = 1000,
    confidence: float = 0.0,
    iou: float = 0.3,
    inference: Inference | None = None,
) -> dict[str, Any]:
    """Return the objects found in a large image, as `predict` does for one image.

    Of two objects of a class that overlap by more than `iou` the better stays, whichever tiles they are from. A box
    that ends at a border inside the image is half an object: it stays only where nothing else is found.

    Args:
        model: What detects in every tile.
        image: uint8 (H, W, 3) RGB; one that is no larger than a tile is seen as a whole only.
        tile: Side of the tiles in pixels.
        overlap: Part of a tile that it shares with the next at least; objects up to that size are whole in one of them.
        whole: Longer side in pixels of the small picture that is seen as a whole; at least that of a tile.
        confidence: Least score of a detection.
        iou: As above, and inside every tile.
        inference: What is done for a tile beyond the usual.

    Raises:
        InputError: If the image is no uint8 (H, W, 3) array, or tile or overlap are out of range.
    """
    check_image(image, 0)
    if tile < 1 or not 0 <= overlap <= 0.9:
        raise InputError(f"a tile needs a positive side and an overlap of 0 to 0.9, not {tile} and {overlap}")
    spent: Counter[str] = Counter()

    def look(part: Image) -> Found:
        [found] = model.predict([part], confidence=confidence, iou=iou, inference=inference)
        spent.update(found["milliseconds"])
        return {name: found[name] for name in COLUMNS}

    small = _shrunk(image, max(tile, whole))
    seen = look(small)
    seen["boxes"] = seen["boxes"] * np.tile(np.divide(image.shape[1::-1], small.shape[1::-1], dtype=np.float32), 2)
    parts, cut = [seen], [np.zeros(len(seen["labels"]), np.bool_)]
    for left, top, right, bottom in _tiles(image.shape[:2], tile, overlap):
        found = look(np.ascontiguousarray(image[top:bottom, left:right]))
        found["boxes"] = found["boxes"] + np.array([left, top] * 2, np.float32)
        cut.append(_cut(found["boxes"], (left, top, right, bottom), image.shape[:2], NEAR * tile))
        parts.append(found)
    together = {name: np.concatenate([part[name] for part in parts]) for name in COLUMNS}
    kept = _merged(together["boxes"], together["labels"], together["scores"], np.concatenate(cut), iou)
    return {**{name: values[kept] for name, values in together.items()}, "milliseconds": dict(spent)}


def _shrunk(image: Image, side: int) -> Image:
    """Return an image whose longer side is at most so long."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return image
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _tiles(size: tuple[int, ...], tile: int, overlap: float) -> Iterator[tuple[int, int, int, int]]:
    """Yield left, top, right and bottom of the tiles, row by row; none if the image is no larger than one."""
    height, width = size
    if max(height, width) <= tile:
        return
    for top in _starts(height, tile, overlap):
        for left in _starts(width, tile, overlap):
            yield left, top, min(left + tile, width), min(top + tile, height)


def _starts(length: int, tile: int, overlap: float) -> list[int]:
    """Return where along a side tiles begin: evenly spread, the last one ends where the side ends."""
    if length <= tile:
        return [0]
    count = int(np.ceil((length - tile) / max(1, int(tile * (1 - overlap))))) + 1
    return [int(start) for start in np.linspace(0, length - tile, count)]


def _cut(boxes: Floats, tile: tuple[int, int, int, int], size: tuple[int, ...], near: float) -> npt.NDArray[np.bool_]:
    """Return which boxes end near a border of their tile that lies inside the image: bool (N,)."""
    left, top, right, bottom = tile
    inner = np.array([left > 0, top > 0, right < size[1], bottom < size[0]])
    return np.asarray(((np.abs(boxes - np.array(tile, np.float32)) <= near) & inner).any(axis=1))


def _merged(boxes: Floats, labels: Indices, scores: Floats, cut: npt.NDArray[np.bool_], iou: float) -> Indices:
    """Return which boxes stay, best first."""
    kept = [np.zeros(0, np.int64)]
    for label in np.unique(labels):
        whole, halves = (np.flatnonzero((labels == label) & mine) for mine in (~cut, cut))
        whole, halves = (some[suppress(boxes[some], scores[some], iou)] for some in (whole, halves))
        kept += [whole, halves[~_shown(boxes[halves], boxes[whole])]]
    found = np.concatenate(kept)
    return found[np.argsort(-scores[found], kind="stable")]


def _shown(halves: Floats, whole: Floats) -> npt.NDArray[np.bool_]:
    """Return which cut boxes show what one of the whole ones shows: bool (N,)."""
    corner = np.minimum(halves[:, None, 2:], whole[:, 2:])
    sides = np.maximum(corner - np.maximum(halves[:, None, :2], whole[:, :2]), 0)
    shared = sides[..., 0] * sides[..., 1]
    return np.asarray((shared > COVERED * np.minimum(areas(halves)[:, None], areas(whole))).any(axis=1))
