"""Which windows of an image fine-tuning sees in one step (He et al. 2015, section 4.1).

A window shows an object if it overlaps it by half or more; background should be near objects, where it is hard.
"""

from dataclasses import dataclass

import numpy as np

from ..scoring.boxes import iou
from ..types import Floats, Indices
from .images import TrainingImages

POSITIVE, NEAR = 0.5, 0.1  # overlaps: from the first on a window shows the object, from the second it is close to one


@dataclass(frozen=True)
class Chosen:
    """Windows of an image for one step.

    Attributes:
        rows: int64 (N,), which.
        labels: int64 (N,), 0 for background, otherwise the class plus 1.
        boxes: float32 (N, 4), the object that a window overlaps most; anything for background.
    """

    rows: Indices
    labels: Indices
    boxes: Floats


def choose_windows(
    images: TrainingImages, number: int, *, windows: int, positives: float, random: np.random.Generator
) -> Chosen:
    """Return windows of an image, some of them on objects if there are so many, the others near them if possible.

    Windows on difficult objects are left out.

    Args:
        images: Prepared.
        number: Of the image.
        windows: How many at most.
        positives: The largest fraction of them that show objects.
        random: Draws them.
    """
    overlaps, boxes, labels = images.nearest_objects(number)
    difficult = images.target(number)["boxes"][images.target(number)["difficult"]]
    unclear = (iou(images.windows(number), difficult) >= 0.3).any(axis=1) & (overlaps < POSITIVE)
    shown = random.permutation(np.flatnonzero(overlaps >= POSITIVE))[: int(windows * positives)]
    near = random.permutation(np.flatnonzero((overlaps >= NEAR) & (overlaps < POSITIVE) & ~unclear))
    far = random.permutation(np.flatnonzero((overlaps < NEAR) & ~unclear))
    background = np.concatenate([near, far])[: windows - len(shown)]
    rows = np.concatenate([shown, background])
    classes = np.where(np.arange(len(rows)) < len(shown), labels[rows] + 1, 0)
    return Chosen(rows, classes, boxes[rows])
