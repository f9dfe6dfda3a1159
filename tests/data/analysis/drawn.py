"""Detections and objects for the tests of this room: two images, three classes, an error of every kind."""

from typing import Any

import numpy as np

from sppnet.data.analysis.pairs import Pairs, all_pairs

from ..scoring.test_metrics import Arrays, Box, found, target

CLASSES = ("dog", "cat", "car")
DOG, CAT, CAR = range(3)
# One image; objects of 10 x 10 pixels: two dogs, a cat, a difficult dog, a car that nothing finds.
OBJECTS: list[tuple[Box, int, bool]] = [
    ((0, 0, 10, 10), DOG, False),
    ((20, 0, 30, 10), DOG, False),
    ((40, 0, 50, 10), CAT, False),
    ((60, 0, 70, 10), DOG, True),
    ((80, 0, 90, 10), CAR, False),
]
# Box, class, score, kind by TIDE.
DETECTIONS: list[tuple[Box, int, float, str]] = [
    ((0, 0, 10, 10), DOG, 0.9, "correct"),
    ((0, 0, 10, 9), DOG, 0.8, "duplicate"),
    ((25, 0, 35, 10), DOG, 0.7, "localisation"),  # an overlap of 1/3 with the second dog
    ((40, 0, 50, 9), DOG, 0.6, "class"),  # on the cat
    ((60, 0, 70, 10), DOG, 0.5, "left out"),
    ((100, 0, 110, 10), CAT, 0.4, "background"),
    ((45, 0, 55, 10), CAR, 0.3, "both"),  # an overlap of 1/3 with the cat
]


def arrays() -> tuple[list[Arrays], list[Arrays]]:
    boxes, labels, difficult = (list(column) for column in zip(*OBJECTS, strict=True))
    shown, classes, scores, _ = (list(column) for column in zip(*DETECTIONS, strict=True))
    nothing: list[Any] = []
    return [found(shown, scores, classes), found(nothing, [])], [target(boxes, difficult, labels), target(nothing)]


def drawn_pairs() -> Pairs:
    return all_pairs(*arrays(), len(CLASSES))


def noisy(images: int = 12, classes: int = 3, seed: int = 1) -> tuple[list[Arrays], list[Arrays]]:
    """Return objects, a few of them difficult, and detections around them and elsewhere, some of equal scores."""
    random = np.random.default_rng(seed)
    detections, targets = [], []
    for _ in range(images):
        count = int(random.integers(0, 5))
        corners = random.integers(0, 60, (count, 2))
        boxes = np.hstack([corners, corners + random.integers(10, 40, (count, 2))])
        labels = random.integers(0, classes, count)
        near = np.vstack([boxes + random.integers(-4, 5, boxes.shape) for _ in range(3)] or [boxes])
        far = random.integers(0, 60, (4, 2))
        shown = np.vstack([near, np.hstack([far, far + 20])])
        shown[:, 2:] = np.maximum(shown[:, 2:], shown[:, :2] + 1)
        names = np.concatenate([np.tile(labels, 3), random.integers(0, classes, 4)])
        names = np.where(random.random(len(names)) < 0.2, random.integers(0, classes, len(names)), names)
        scores = random.integers(1, 40, len(names)) / 40
        targets.append(target(boxes.tolist(), (random.random(count) < 0.15).tolist() or None, labels.tolist() or None))
        detections.append(found(shown.tolist(), scores.tolist(), names.tolist()))
    return detections, targets
