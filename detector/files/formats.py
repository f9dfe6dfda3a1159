"""Models of earlier formats in the words of today's."""

from typing import Any

import numpy as np

FORMAT, CLASSIFIER_FORMAT = 4, "classifier 2"
WORDS = {"trunk": "backbone", "rate": "learning_rate", "decay": "weight_decay", "several": "multi_label"}

Tensors = dict[str, np.ndarray[Any, Any]]


def upgraded_detector(config: dict[str, Any], tensors: Tensors) -> tuple[dict[str, Any], Tensors]:
    """Return the settings and the tensors of a detector of format 3 as those of format 4; others as they are."""
    if config.get("format") != 3:
        return config, tensors
    config = _renamed(config) | {"format": FORMAT}
    config["fine_tuning"] = config["fine_tuning"] and _renamed(config["fine_tuning"])
    return config, {_in_backbone(name): tensor for name, tensor in tensors.items()}


def upgraded_classifier(config: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a classifier of the first format as those of the second; others as they are."""
    return _renamed(config) | {"format": CLASSIFIER_FORMAT} if config.get("format") == "classifier 1" else config


def _renamed(config: dict[str, Any]) -> dict[str, Any]:
    return {WORDS.get(name, name): value for name, value in config.items()}


def _in_backbone(name: str) -> str:
    return f"backbone.{name.removeprefix('trunk.')}" if name.startswith("trunk.") else name
