"""Settings that would only fail when a training has come to them."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from .errors import InputError
from .pooling.features import Layer
from .training.finetuning import FineTuning
from .training.images import TrainingImages

Scores = Literal["svm", "softmax"]


LAYERS: tuple[Layer, ...] = ("pool", "fc6", "fc7")


def check_objects(images: TrainingImages) -> None:
    """Raise InputError unless there is an object to learn from."""
    if not images.objects().any():
        raise InputError(f"none of {len(images)} training images has an object to learn from")


def check_head(fine_tuning: FineTuning | None, layer: str, scores: str, power: float) -> None:
    """Raise InputError for fully connected layers that will not be there."""
    if layer not in LAYERS:
        raise InputError(f"layer must be one of {', '.join(LAYERS)}, not {layer!r}")
    if scores not in ("svm", "softmax"):
        raise InputError(f"scores must be svm or softmax, not {scores!r}")
    depth = LAYERS.index(layer)
    if depth > (len(fine_tuning.widths) if fine_tuning else 0):
        raise InputError(f"layer {layer} needs fine_tuning with a width for it")
    if scores == "softmax" and fine_tuning is None:
        raise InputError("scores 'softmax' need fine_tuning: they are those of the layers that it trains")
    if fine_tuning and power != 1:
        raise InputError(f"fine_tuning takes maps as they are: power must be 1, not {power}")


def check_settings(
    scales: Sequence[int],
    levels: Sequence[int],
    geometry: str,
    norm: float,
    penalty: float,
    held_out: float,
    seed: int,
) -> None:
    """Raise InputError for a setting that would only fail when the training has come to it."""
    if not scales or min(scales) < 1 or len(set(scales)) != len(scales):
        raise InputError(f"scales must be one or more different short sides in pixels, not {tuple(scales)}")
    if not levels or min(levels) < 1:
        raise InputError(f"levels must be one or more positive whole numbers, not {tuple(levels)}")
    if geometry not in ("paper", "release"):
        raise InputError(f"geometry must be 'paper' or 'release', not {geometry!r}")
    if not (0 < norm < np.inf and 0 < penalty < np.inf):
        raise InputError(f"norm and penalty must be positive and finite, not {norm} and {penalty}")
    if not 0 <= held_out < 1:
        raise InputError(f"held_out must be a fraction from 0 to below 1, not {held_out}")
    if seed < 0:
        raise InputError(f"seed must not be negative, not {seed}")
