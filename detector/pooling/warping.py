"""R-CNN's windows on a device: cut out, warped, convolved and pooled there, a batch at a time.

An image goes there once, as bytes, where its warped windows would be 1.2 GB.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import grid_sample

from ..backbone.conv_layers import ConvLayers
from ..backbone.on_device import moved, prepared
from ..timing import DeviceStopwatch, Stopwatch, stage
from ..types import Image
from .pyramid import bins
from .pyramid_layer import PyramidPooling

Places = npt.NDArray[np.int64]
BATCH = 128  # windows convolved together: a GPU has no cache to stay in and many threads
OUTSIDE = -3.0  # a coordinate of `grid_sample` beyond the pixels, whatever their number


def warped_vectors(
    backbone: ConvLayers,
    image: Image,
    crops: Places,
    landings: Places,
    side: int,
    levels: Sequence[int],
    clock: "Stopwatch | DeviceStopwatch | None" = None,
) -> torch.Tensor:
    """Return the vectors of the whole maps of warped windows: (N, D), where the conv layers are.

    Args:
        backbone: The conv layers.
        image: uint8 (H, W, 3).
        crops: int64 (N, 4), which pixels of the image each window takes: x1 y1 x2 y2.
        landings: int64 (N, 4), where on its square they land.
        side: Of a square, in pixels.
        levels: Of the pyramid.
        clock: Counts the time of the stages.
    """
    device, pyramid = torch.device(backbone.device), PyramidPooling(levels)
    vectors = torch.empty((len(crops), bins(levels) * backbone.last.channels), device=device)
    with torch.inference_mode():
        with stage(clock, "warping", device):
            pixels = prepared(moved(image[None], device), backbone.preprocessing)
            places = moved(np.stack([crops, landings]), device)
        for start in range(0, len(crops), BATCH):
            some = slice(start, start + BATCH)
            with stage(clock, "warping", device):
                squares = warped_there(pixels, places[0, some], places[1, some], side)
            with stage(clock, "conv", device):
                maps = torch.as_tensor(backbone.convolve(squares))
            with stage(clock, "pooling", device):
                vectors[some] = pyramid(maps)
    return vectors


def warped_there(pixels: torch.Tensor, crops: torch.Tensor, landings: torch.Tensor, side: int) -> torch.Tensor:
    """Return what the conv layers see of windows: float32 (N, 3, side, side), zero where nothing lands.

    Bilinear as OpenCV's resize, within 1e-4 of the largest value: the coordinates are rounded to float32.

    Args:
        pixels: float32 (1, 3, H, W).
        crops: int64 (N, 4), which pixels each window takes; none if a side is not positive.
        landings: int64 (N, 4), where they land.
        side: Of a square, in pixels.
    """
    count = len(crops)
    x, y = (_coordinates(crops, landings, axis, side, pixels.shape[3 - axis]) for axis in (0, 1))
    grid = torch.stack([x[:, None, :].expand(count, side, side), y[:, :, None].expand(count, side, side)], dim=3)
    return grid_sample(pixels.expand(count, -1, -1, -1), grid, align_corners=False)


def _coordinates(crops: torch.Tensor, landings: torch.Tensor, axis: int, side: int, length: int) -> torch.Tensor:
    """Return where along an axis the pixels of squares come from, as `grid_sample` counts: float32 (N, side)."""
    first, last, start, stop = (part[:, None] for places in (crops, landings) for part in places[:, axis::2].T)
    pixel = torch.arange(side, device=crops.device)
    source = (pixel - start + 0.5).double() * (last - first) / (stop - start).clamp(min=1) - 0.5
    source = first + torch.minimum(source.clamp(min=0), (last - first - 1).double())
    inside = (pixel >= start) & (pixel < stop) & (last > first)
    return torch.where(inside, (2 * source + 1) / length - 1, OUTSIDE).float()
