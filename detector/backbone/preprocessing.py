"""What the weights of a backbone expect of an image: channel order, range, mean and standard deviation."""

import reprlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt
from safetensors import safe_open

from ..errors import InputError, ModelError
from ..files.config_fields import PREPROCESSING
from ..files.fields import check_fields
from ..files.model_folder import json_object, read_json


@dataclass(frozen=True)
class Preprocessing:
    """What the weights expect of an image: `(pixel * range / 255 - mean) / std`, channels in `order`."""

    order: Literal["rgb", "bgr"]
    range: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def __post_init__(self) -> None:
        if self.order not in ("rgb", "bgr"):
            raise ModelError(f"preprocessing: the channel order must be rgb or bgr, not {self.order!r}")
        if len(self.mean) != 3 or len(self.std) != 3 or min(self.std) <= 0 or self.range <= 0:
            raise ModelError(f"preprocessing: needs 3 means, 3 positive stds and a positive range, not {self}")

    def __call__(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return the image as the conv layers want it: float32 (1, 3, H, W), channels last in memory."""
        pixels = image if self.order == "rgb" else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
        height, width = pixels.shape[:2]
        rows = pixels.reshape(height, -1).astype(np.float32)  # long runs are many times faster than three channels
        rows *= np.tile(np.array([self.range / 255 / std for std in self.std], np.float32), width)
        shift = [mean / std for mean, std in zip(self.mean, self.std, strict=True)]
        rows -= np.tile(np.array(shift, np.float32), width)
        return rows.reshape(1, height, width, 3).transpose(0, 3, 1, 2)


def resized(image: npt.NDArray[np.uint8], scale: int, *, max_side: int = 2400) -> npt.NDArray[np.uint8]:
    """Return an image resized to a short side of `scale`: bilinear, without antialiasing, as in the release."""
    height, width = resized_size(image.shape[:2], scale, max_side=max_side)
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


PREPROCESSINGS = {
    "lite": Preprocessing("rgb", 255.0, (127.0, 127.0, 127.0), (128.0, 128.0, 128.0)),
    "torchvision": Preprocessing("rgb", 1.0, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "caffe": Preprocessing("bgr", 255.0, (104.0, 117.0, 123.0), (1.0, 1.0, 1.0)),
    "release": Preprocessing("bgr", 255.0, (128.0, 128.0, 128.0), (1.0, 1.0, 1.0)),
}


def stored_preprocessing(file: Path) -> Preprocessing:
    """Return the preprocessing that a weights file names, or the one of its family."""
    stored, beside = _metadata(file).get("preprocessing"), file.with_suffix(".json")
    if stored is not None:
        return preprocessing_from(json_object(stored, file), file)
    if beside.is_file():
        return preprocessing_from(read_json(beside), beside)
    return PREPROCESSINGS["caffe" if "caffe" in file.stem.lower() else "torchvision"]


def preprocessing_from(stored: Any, file: Path) -> Preprocessing:
    """Return the preprocessing from its fields as JSON holds them.

    Raises:
        ModelError: If they are others or hold what they must not; names the file.
    """
    check_fields(stored, PREPROCESSING, f"{file}: preprocessing.")
    if stored.keys() != PREPROCESSING.keys():
        rule = f"what the weights expect of an image is told by {', '.join(PREPROCESSING)}"
        raise ModelError(f"{file}: {rule}, and this has {reprlib.repr(list(stored))}")
    return Preprocessing(stored["order"], stored["range"], tuple(stored["mean"]), tuple(stored["std"]))


def _metadata(file: Path) -> dict[str, str]:
    if file.suffix != ".safetensors":
        return {}
    with safe_open(file, "np") as opened:
        return opened.metadata() or {}


def resized_size(size: tuple[int, int], scale: int, max_side: int | None = 2400) -> tuple[int, int]:
    """Return the (height, width) of an image resized to a short side of `scale`.

    The aspect is kept and the other side rounded, halves up. Where the long side would exceed `max_side` it becomes
    `max_side` and the short side follows, rounded the same way and at least 1.

    Args:
        size: (height, width) of the image in pixels.
        scale: Short side wanted, in pixels.
        max_side: Cap of the long side in pixels; None is no cap, as in the release.
    """
    short, long = min(size), max(size)
    if short < 1 or scale < 1 or (max_side is not None and max_side < 1):
        raise InputError(f"image size {size}, scale {scale} and max_side {max_side} must all be at least 1 pixel")
    new_short, new_long = scale, _rounded_ratio(long * scale, short)
    if max_side is not None and new_long > max_side:
        new_short, new_long = max(1, _rounded_ratio(short * max_side, long)), max_side
    return (new_short, new_long) if size[0] <= size[1] else (new_long, new_short)


def _rounded_ratio(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
