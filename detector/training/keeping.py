"""A few objects of every class, kept as they pass by in a training, so that explanations can show what is alike."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..checks import check_image, checked_target
from ..files.examples import Examples
from ..types import Floats, Image, Target
from .images import TrainingImages

SIDE = 96  # pixels of the long side of a crop
JPEG_QUALITY = 85


@dataclass(frozen=True)
class _Kept:
    image: int
    object: int  # among those of the image that are learned from
    label: int
    crop: bytes


class Keeper:
    """Hands images on, and keeps a few of their objects, drawn at random: every object is as likely to be kept.

    Args:
        classes: Names of the classes.
        count: Objects of each class that are kept.
        use_difficult: Whether difficult objects are learned from.
        seed: Of the draws.
    """

    def __init__(self, classes: Sequence[str], count: int, *, use_difficult: bool, seed: int) -> None:
        self._classes, self._count, self._use_difficult = classes, count, use_difficult
        self._random = np.random.default_rng(seed)
        self._kept: list[list[_Kept]] = [[] for _ in classes]
        self._seen = [0] * len(classes)

    def passing(self, train: Iterable[tuple[Image, Target]]) -> Iterator[tuple[Image, Target]]:
        """Yield the images and targets of a training, as they come."""
        for number, (image, target) in enumerate(train):
            check_image(image, number)
            known = checked_target(target, number, len(self._classes))
            used = np.ones(len(known["labels"]), np.bool_) if self._use_difficult else ~known["difficult"]
            for object, (box, label) in enumerate(
                zip(known["boxes"][used], known["labels"][used].tolist(), strict=True)
            ):
                self._meet(image, number, object, box, label)
            yield image, target

    def _meet(self, image: Image, number: int, object: int, box: Floats, label: int) -> None:
        """Keep an object, perhaps in place of another one (reservoir sampling)."""
        self._seen[label] += 1
        kept = self._kept[label]
        place = len(kept) if len(kept) < self._count else int(self._random.integers(self._seen[label]))
        if place < self._count:
            kept[place : place + 1] = [_Kept(number, object, label, _crop(image, box))]

    def examples(self, images: TrainingImages) -> Examples | None:
        """Return what was kept, with the vectors that a training has of it; None if there is nothing."""
        kept = sorted((each for some in self._kept for each in some), key=lambda each: (each.image, each.object))
        if not kept:
            return None
        vectors = np.empty((len(kept), images.features.dimensions), np.float32)
        for row, each in enumerate(kept):
            place = np.array([images.proposals(each.image) + each.object])
            vectors[row] = images.vectors(each.image, place).all()[0]
        return Examples.of([self._classes[each.label] for each in kept], [each.crop for each in kept], vectors)


def _crop(image: Image, box: Floats) -> bytes:
    """Return the pixels that a box touches, made small, as JPEG."""
    height, width = image.shape[:2]
    x1, y1 = (int(np.clip(np.floor(side), 0, limit - 1)) for side, limit in zip(box[:2], (width, height), strict=True))
    x2, y2 = (int(np.clip(np.ceil(side), 1, limit)) for side, limit in zip(box[2:], (width, height), strict=True))
    pixels = image[y1 : max(y2, y1 + 1), x1 : max(x2, x1 + 1)]
    factor = min(1.0, SIDE / max(pixels.shape[:2]))
    size = [max(1, round(side * factor)) for side in pixels.shape[1::-1]]
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return bytes(encoded)
