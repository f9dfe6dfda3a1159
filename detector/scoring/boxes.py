"""Boxes: overlap, suppression, and the offsets of bounding-box regression (Girshick et al. 2014, appendix C).

All in the outer-edge frame (width = x2 - x1), which is VOC's "+1" rule for its 1-based inclusive coordinates. A box
whose width or height is not positive has no area and overlaps nothing. NaN and infinity are errors.
"""

import numba
import numpy as np
import numpy.typing as npt

from ..errors import InputError

# Largest change of a side that `decode` follows; keeps a wild offset from overflowing.
LARGEST_LOG_RATIO = np.log(2.0**15)


def iou(first: npt.NDArray[np.float32], second: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the intersection over union of every pair of boxes.

    Args:
        first: float32 (N, 4).
        second: float32 (M, 4).

    Returns:
        float32 (N, M), 0 to 1; 0 where a box has no area.

    Raises:
        InputError: If an array is not finite or not of shape (N, 4).
    """
    first, second = checked_boxes("first", first), checked_boxes("second", second)
    corner = np.minimum(first[:, None, 2:], second[:, 2:])
    sides = np.maximum(corner - np.maximum(first[:, None, :2], second[:, :2]), 0)
    shared = sides[..., 0] * sides[..., 1]
    union = areas(first)[:, None] + areas(second) - shared
    overlaps: npt.NDArray[np.float32] = np.divide(shared, union, out=np.zeros_like(shared), where=shared > 0)
    return overlaps


def suppress(
    boxes: npt.NDArray[np.float32], scores: npt.NDArray[np.float32], iou: float = 0.3
) -> npt.NDArray[np.int64]:
    """Return the indices of the boxes that no better kept box overlaps, best first.

    Greedy non-maximum suppression: a box goes if its overlap with a kept one is greater than `iou`. Of equal scores
    the lower index is the better.

    Args:
        boxes: float32 (N, 4).
        scores: float32 (N,).
        iou: Overlap, 0 to 1. The default is the paper's.

    Returns:
        int64 (K,), (0,) for N = 0.

    Raises:
        InputError: If a box is not finite, a score is NaN or the shapes do not fit.
    """
    boxes, scores = checked_boxes("boxes", boxes), np.asarray(scores, np.float32)
    if scores.shape != (len(boxes),) or np.isnan(scores).any():
        raise InputError(f"scores must be of shape ({len(boxes)},) and without NaN, not {scores.shape}")
    order = np.argsort(-scores, kind="stable")
    ranked = boxes[order]
    # One array per coordinate lets the compiler test many boxes per instruction.
    x1, y1, x2, y2 = np.ascontiguousarray(ranked.T)
    return order[_survivors(x1, y1, x2, y2, areas(ranked), iou)]


def encode(windows: npt.NDArray[np.float32], boxes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the offsets that move every window onto its box.

    Args:
        windows: float32 (N, 4), of positive width and height.
        boxes: float32 (N, 4), the box wanted for each window, of positive width and height.

    Returns:
        float32 (N, 4): shift of the centre as a fraction of the window's size, then the logarithm of the change of
        size (equations 6 to 9).

    Raises:
        InputError: If a side is not positive, a value not finite, or the shapes differ.
    """
    centres, sizes = _centres_and_sizes("windows", windows)
    target_centres, target_sizes = _centres_and_sizes("boxes", boxes)
    if len(centres) != len(target_centres):
        raise InputError(f"every window needs one box: {len(centres)} windows, {len(target_centres)} boxes")
    if (sizes <= 0).any() or (target_sizes <= 0).any():
        raise InputError("windows and boxes must have a positive width and height")
    return np.hstack([(target_centres - centres) / sizes, np.log(target_sizes / sizes)]).astype(np.float32)


def decode(windows: npt.NDArray[np.float32], offsets: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the windows moved by their offsets, the inverse of `encode`.

    A side grows or shrinks by a factor of 32,768 at most.

    Args:
        windows: float32 (N, 4).
        offsets: float32 (N, 4) as `encode` returns them.

    Returns:
        float32 (N, 4), not clipped to the image.

    Raises:
        InputError: If a value is not finite or the shapes differ.
    """
    centres, sizes = _centres_and_sizes("windows", windows)
    offsets = checked_boxes("offsets", offsets)
    if len(centres) != len(offsets):
        raise InputError(f"every window needs offsets: {len(centres)} windows, {len(offsets)} offsets")
    centres = centres + offsets[:, :2] * sizes
    sizes = sizes * np.exp(np.clip(offsets[:, 2:], -LARGEST_LOG_RATIO, LARGEST_LOG_RATIO))
    return np.hstack([centres - sizes / 2, centres + sizes / 2]).astype(np.float32)


def clip(boxes: npt.NDArray[np.float32], height: int, width: int) -> npt.NDArray[np.float32]:
    """Return the boxes cut at the border of the image; one outside keeps no area.

    Args:
        boxes: float32 (N, 4).
        height: Of the image, in pixels.
        width: Of the image, in pixels.
    """
    return np.clip(checked_boxes("boxes", boxes), 0, np.array([width, height, width, height], np.float32))


def mirrored(boxes: npt.NDArray[np.float32], width: int) -> npt.NDArray[np.float32]:
    """Return where boxes, float32 (N, 4), are in the mirror image, left to right, of an image of that width."""
    left, top, right, bottom = boxes.T
    return np.stack([width - right, top, width - left, bottom], axis=1)


def areas(boxes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the areas of boxes, float32 (N,); 0 where a side is not positive."""
    return np.asarray(np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1), np.float32)


def checked_boxes(name: str, boxes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return boxes as float32 (N, 4), or raise InputError that names them if they are not finite or of that shape."""
    boxes = np.asarray(boxes, np.float32)
    if boxes.ndim != 2 or boxes.shape[1] != 4 or not np.isfinite(boxes).all():
        raise InputError(f"{name} must be finite and of shape (N, 4), not {boxes.shape}")
    return boxes


def _centres_and_sizes(
    name: str, boxes: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    boxes_64 = checked_boxes(name, boxes).astype(np.float64)
    sizes = boxes_64[:, 2:] - boxes_64[:, :2]
    return boxes_64[:, :2] + sizes / 2, sizes


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _survivors(
    x1: npt.NDArray[np.float32],
    y1: npt.NDArray[np.float32],
    x2: npt.NDArray[np.float32],
    y2: npt.NDArray[np.float32],
    areas: npt.NDArray[np.float32],
    iou: float,
) -> npt.NDArray[np.bool_]:
    dead = np.zeros(len(areas), np.bool_)
    zero = np.float32(0)
    # Unsigned indices, no branch and no min() that minds NaN: the inner loop becomes vector instructions.
    for best in range(np.uint64(len(areas))):
        if dead[best]:
            continue
        left, top, right, bottom, area = x1[best], y1[best], x2[best], y2[best], areas[best]
        for other in range(best + np.uint64(1), np.uint64(len(areas))):
            width = (right if right < x2[other] else x2[other]) - (left if left > x1[other] else x1[other])
            height = (bottom if bottom < y2[other] else y2[other]) - (top if top > y1[other] else y1[other])
            shared = (width if width > zero else zero) * (height if height > zero else zero)
            # Without any area this is 0 / 0, which is not greater.
            dead[other] |= shared / (area + areas[other] - shared) > iou
    return ~dead
