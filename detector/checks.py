"""What comes from outside the detector, checked once where it enters."""

import numpy as np
import numpy.typing as npt

from .errors import InputError
from .types import Image, Target


def check_image(image: Image, number: int) -> None:
    """Raise InputError naming the image unless it is a uint8 array (height, width, 3) with pixels."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        what = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise InputError(f"image {number}: must be a uint8 array (height, width, 3), not {what}")
    if 0 in image.shape:
        raise InputError(f"image {number}: has no pixels, its shape is {image.shape}")


def check_windows(windows: npt.NDArray[np.float32], number: int) -> npt.NDArray[np.float32]:
    """Return the windows of an image as float32 (N, 4), or raise InputError naming image, rule and value."""
    windows = np.asarray(windows, np.float32)
    if windows.ndim != 2 or windows.shape[1] != 4 or not np.isfinite(windows).all():
        raise InputError(f"image {number}: windows must be finite and of shape (N, 4), not {windows.shape}")
    return windows


def checked_target(target: Target, number: int, classes: int) -> Target:
    """Return the target with the right types, or raise InputError naming image, rule and value."""
    boxes = np.asarray(target["boxes"], np.float32).reshape(-1, 4)
    labels = np.asarray(target["labels"], np.int64)
    difficult = np.asarray(target.get("difficult", np.zeros(len(labels))), np.bool_)
    if not len(boxes) == len(labels) == len(difficult):
        counts = f"{len(boxes)} boxes, {len(labels)} labels and {len(difficult)} difficult flags"
        raise InputError(f"image {number}: {counts} do not belong together")
    for box, label in zip(boxes, labels, strict=True):
        if not (np.isfinite(box).all() and box[0] < box[2] and box[1] < box[3]):
            raise InputError(f"image {number}: a box needs finite x1 < x2 and y1 < y2, not {box.tolist()}")
        if not 0 <= label < classes:
            raise InputError(f"image {number}: the label {label} is not one of {classes} classes counted from 0")
    return {"boxes": boxes, "labels": labels, "difficult": difficult}
