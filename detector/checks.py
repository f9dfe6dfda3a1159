"""Errors of a user that would otherwise show when a training has come to them, or not at all."""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from .errors import InputError
from .examples import Image, TrainingImages, check_windows
from .features import Layer
from .finetuning import FineTuning

Scores = Literal["svm", "softmax"]
LAYERS: tuple[Layer, ...] = ("pool", "fc6", "fc7")


def check_objects(images: TrainingImages) -> None:
    """Raise InputError unless there is an object to learn from."""
    if not images.objects().any():
        raise InputError(f"none of {len(images)} training images has an object to learn from")


def checked_images(
    images: Sequence[Image], windows: Sequence[npt.NDArray[np.float32]] | None
) -> Iterator[tuple[Image, npt.NDArray[np.float32] | None]]:
    """Yield each image with its windows, None where none are given.

    Raises:
        InputError: If an image is no uint8 (H, W, 3) array, or the windows do not match the images.
    """
    if windows is not None and len(windows) != len(images):
        raise InputError(f"{len(images)} images need as many arrays of windows, not {len(windows)}")
    for number, image in enumerate(images):
        check_image(image, number)
        yield image, None if windows is None else check_windows(windows[number], number)


def check_image(image: Image, number: int) -> None:
    """Raise InputError naming the image unless it is a uint8 array (height, width, 3) with pixels."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        what = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise InputError(f"image {number}: must be a uint8 array (height, width, 3), not {what}")
    if 0 in image.shape:
        raise InputError(f"image {number}: has no pixels, its shape is {image.shape}")


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
