"""Images of one size at once on a device: one pass of the conv layers, and one of the pooling for all their windows.

Nothing is copied to the host, and nothing waits for the device.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from ..backbone.on_device import moved, prepared
from ..backbone.preprocessing import resized, resized_size
from ..timing import DeviceStopwatch
from ..types import Floats, Image, Indices
from .device import BLOCK_BYTES, pooled_views, tables_of
from .features import WindowFeatures

BATCH_PIXELS = 8 * 600 * 800  # of images that are convolved together
LARGEST_BATCH = 16


def images_at_once(features: WindowFeatures, image_size: tuple[int, int]) -> int:
    """Return how many images of a size (height, width) are worked on together."""
    sizes = [resized_size(image_size, scale, features.pooling.max_side) for scale in features.scales]
    return max(1, min(LARGEST_BATCH, BATCH_PIXELS // max(height * width for height, width in sizes)))


def window_products(
    features: WindowFeatures,
    images: Sequence[Image],
    windows: Sequence[Floats],
    columns: torch.Tensor,
    clock: DeviceStopwatch,
    *,
    block_bytes: int = BLOCK_BYTES,
) -> torch.Tensor:
    """Return the inner products of the vectors of some images' windows with columns (D, P).

    Args:
        features: How windows become vectors.
        images: uint8 (H, W, 3), one or more, all of one size.
        windows: float32 (N, 4) of each image.
        columns: Weights, on the device.
        clock: Counts the time of the stages.
        block_bytes: Of the vectors that are there at a time.

    Returns:
        (B, N, P), N that of the image with the most windows; 0 beyond the last window of another.
    """
    size, flat = (images[0].shape[0], images[0].shape[1]), np.concatenate(windows)
    counts = [len(some) for some in windows]
    numbers = np.repeat(np.arange(len(images)), counts)
    scales = features.scales_of(flat, size)
    device = torch.device(features.backbone.device)
    found, end = torch.zeros((len(flat) + 1, columns.shape[1]), device=device), 0
    for scale in np.unique(scales).tolist():
        rows = np.flatnonzero(scales == scale)
        for block in _vectors(features, images, numbers[rows], flat[rows], scale, clock, block_bytes):
            with clock("scores"):
                torch.matmul(block, columns, out=found[end : end + len(block)])
            end += len(block)
    place = np.full((len(images), max(counts)), len(flat))  # the last row, of zeros
    for own, start, count in zip(place, np.cumsum([0, *counts]), counts, strict=False):
        own[:count] = np.arange(start, start + count)
    ranks = np.append(np.argsort(np.argsort(scales, kind="stable")), len(flat))
    with clock("scores"):
        return found[moved(ranks[place], device)]


def _vectors(
    features: WindowFeatures,
    images: Sequence[Image],
    numbers: Indices,
    windows: Floats,
    scale: int,
    clock: DeviceStopwatch,
    block_bytes: int,
) -> Iterator[torch.Tensor]:
    """Yield the vectors of windows (N, 4) of images, given by number, at one scale, block by block."""
    device, size = torch.device(features.backbone.device), (images[0].shape[0], images[0].shape[1])
    with clock("conv"):
        maps = _maps(features, images, scale, device)
    with clock("pooling"):
        sizes = {name: (map.shape[1], map.shape[2]) for name, map in maps.items()}
        place, views = features.rectangles(sizes, windows, size, scale), features.pooling.views
        tables = tables_of(views, place.maps, maps)
        own, cells = moved(numbers.astype(np.int32), device), moved(np.stack(place.cells), device)
    step = max(1, block_bytes // (4 * features.pooled_dimensions))
    for start in range(0, len(numbers), step):
        some = slice(start, start + step)
        with clock("pooling"):
            block = pooled_views(views, tables, own[some], cells[:, some])
        if features.head is not None and features.layer != "pool":
            with clock("fc"):
                block = features.head.through(block, features.layer)
        yield block


def _maps(
    features: WindowFeatures, images: Sequence[Image], scale: int, device: torch.device
) -> dict[str, torch.Tensor]:
    """Return the maps of images at a scale, by name: float32 (B, h, w, C)."""
    smaller = np.stack([resized(image, scale, max_side=features.pooling.max_side) for image in images])
    pixels = prepared(moved(smaller, device), features.backbone.preprocessing, features.backbone.least_side)
    maps = features.backbone.maps_of_pixels(pixels, features.map_names)
    return {f"{scale}-{name}": _powered(torch.as_tensor(map), features.pooling.power) for name, map in maps.items()}


def _powered(map: torch.Tensor, power: float) -> torch.Tensor:
    """Return the power of maps (B, C, h, w), as (B, h, w, C)."""
    return (map if power == 1.0 else map.sign() * map.abs() ** power).permute(0, 2, 3, 1)
