"""Models of earlier formats in the words of today's."""

from typing import Any

import numpy as np

FORMAT, CLASSIFIER_FORMAT = 4, "classifier 2"
WORDS = {"trunk": "backbone", "rate": "learning_rate", "decay": "weight_decay", "several": "multi_label"}
TRAINING = (
    *("mining", "norm", "centre", "standardise", "penalty", "regression_examples"),
    *("negative_iou", "use_difficult", "held_out"),
)
# Maps before the last pooling layer, which format 3 called early.
EARLY = {"squeezenet1_1": "fire5", "alexnet": "conv2", "zf5": "norm2", "small": "conv3"}

Tensors = dict[str, np.ndarray[Any, Any]]


def upgraded_detector(config: dict[str, Any], tensors: Tensors) -> tuple[dict[str, Any], Tensors]:
    """Return the settings and the tensors of a detector of format 3 as those of format 4; others as they are."""
    if config.get("format") != 3:
        return config, tensors
    config = _renamed(config) | {"format": FORMAT}
    config["fine_tuning"] = config["fine_tuning"] and _renamed(config["fine_tuning"])
    pooling = {name: config.pop(name) for name in ("scales", "max_side", "geometry", "power")}
    pooling["views"] = _views(config.pop("levels"), config.pop("context"), config.pop("early"), config["backbone"])
    training = {name: config.pop(name) for name in TRAINING}
    config |= {"pooling": pooling, "training": training}
    return config, {_in_backbone(name): tensor for name, tensor in tensors.items()}


def upgraded_classifier(config: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a classifier of the first format as those of the second; others as they are."""
    return _renamed(config) | {"format": CLASSIFIER_FORMAT} if config.get("format") == "classifier 1" else config


def _views(levels: list[int], context: bool, early: bool, backbone: str) -> list[dict[str, Any]]:
    """Return what was pooled for a window, part by part."""
    views: list[dict[str, Any]] = [{"levels": levels}]
    if context:
        views += [{"levels": [1, 2], "enlargement": 1.5}, {"levels": [1, 2], "enlargement": None}]
    if early:
        views += [{"levels": [1, 2, 3], "map": EARLY[backbone]}]
    return views


def _renamed(config: dict[str, Any]) -> dict[str, Any]:
    return {WORDS.get(name, name): value for name, value in config.items()}


def _in_backbone(name: str) -> str:
    return f"backbone.{name.removeprefix('trunk.')}" if name.startswith("trunk.") else name
