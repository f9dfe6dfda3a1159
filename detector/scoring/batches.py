"""Images on a device: those of one size go through all stages together, and wait for the host once."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import torch

from ..pooling.features import Features
from ..timing import DeviceStopwatch
from ..types import Floats, Image
from .device import DeviceScorer


def detect_together(
    features: Features,
    scorer: DeviceScorer,
    images: Sequence[Image],
    windows: Sequence[Floats],
    *,
    confidence: float = 0.0,
    iou: float = 0.3,
) -> list[dict[str, Any]]:
    """Return the detections in images of any sizes, as `WindowScorer.detect` does for one.

    Args:
        features: How windows become vectors, with conv layers on the scorer's device.
        scorer: How vectors become detections.
        images: uint8 (H, W, 3).
        windows: float32 (N, 4) of each.
        confidence: Least score of a detection.
        iou: Of two detections of a class that overlap by more, the better stays.

    Returns:
        For each image boxes, labels, scores, margins, and its share of the milliseconds of each stage.
    """
    sizes: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for number, image in enumerate(images):
        sizes[image.shape[0], image.shape[1]].append(number)
    found: dict[int, dict[str, Any]] = {}
    for size, numbers in sizes.items():
        step = features.images_at_once(size)
        for start in range(0, len(numbers), step):
            some = numbers[start : start + step]
            clock, own = DeviceStopwatch(scorer.device), [windows[number] for number in some]
            with torch.inference_mode():
                products = features.products([images[number] for number in some], own, scorer.columns, clock)
                detections = scorer.detect(products, own, size, confidence=confidence, iou=iou, clock=clock)
            spent = {stage: time / len(some) for stage, time in clock.milliseconds.items()}
            for number, one in zip(some, detections, strict=True):
                found[number] = {**one, "milliseconds": spent.copy()}
    return [found[number] for number in range(len(images))]
