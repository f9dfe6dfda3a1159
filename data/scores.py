"""The metrics by name: detections and objects in, named numbers for a report out."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

from .scoring.coco_metrics import coco_average_precision
from .scoring.metrics import Images, average_precision


def voc_scores(
    detections: Images, targets: Images, classes: Sequence[str], *, rule: Literal["voc07", "voc12"]
) -> dict[str, Any]:
    """Return {"mAP", "AP": {class: value}} by a rule of VOC; None where there are no objects."""
    values = average_precision(detections, targets, len(classes), rule=rule)
    precisions = {name: _known(value) for name, value in zip(classes, values.tolist(), strict=True)}
    known = [value for value in precisions.values() if value is not None]
    return {"mAP": sum(known) / len(known) if known else None, "AP": precisions}


def coco_scores(detections: Images, targets: Images, classes: Sequence[str]) -> dict[str, Any]:
    """Return COCO's {"mAP", "AP50", ...}, of which mAP is what COCO calls AP; None where there are no objects."""
    return named(coco_average_precision(detections, targets, len(classes)))


def named(figures: Mapping[str, float]) -> dict[str, Any]:
    """Return COCO's figures by name as they stand in reports."""
    return {"mAP" if name == "AP" else name: _known(value) for name, value in figures.items()}


def _known(value: float) -> float | None:
    """Return None for NaN, which JSON does not have."""
    return None if math.isnan(value) else value


# Detections and targets are those of `average_precision`. What comes back has "mAP", and a number or None under every
# name but "AP", which holds one for each class. A further metric is a function, and a line here.
METRICS: dict[str, Callable[[Images, Images, Sequence[str]], dict[str, Any]]] = {
    "voc07": partial(voc_scores, rule="voc07"),
    "voc12": partial(voc_scores, rule="voc12"),
    "coco": coco_scores,
}
