"""Pixels on their way to a device: moved as bytes, a quarter of what the conv layers take, and prepared there."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from .preprocessing import Preprocessing


def moved(array: npt.NDArray[Any], device: torch.device) -> torch.Tensor:
    """Return an array on a device; neither the process nor a GPU waits for the copy."""
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor.to(device)


def prepared(images: torch.Tensor, preprocessing: Preprocessing, least_side: int = 1) -> torch.Tensor:
    """Return images as `preprocessing` does on the CPU, to the last bit, padded with the mean to a least side.

    Args:
        images: uint8 (B, H, W, 3), RGB.
        preprocessing: What the weights expect of an image.
        least_side: Pixels.

    Returns:
        float32 (B, 3, H, W), channels last in memory, on the images' device.
    """
    pixels = (images if preprocessing.order == "rgb" else images.flip(3)).permute(0, 3, 1, 2).float()
    for channel, (mean, std) in enumerate(zip(preprocessing.mean, preprocessing.std, strict=True)):
        pixels[:, channel].mul_(float(np.float32(preprocessing.range / 255 / std))).sub_(float(np.float32(mean / std)))
    missing = [max(0, least_side - side) for side in pixels.shape[2:]]
    return torch.nn.functional.pad(pixels, (0, missing[1], 0, missing[0])) if any(missing) else pixels
