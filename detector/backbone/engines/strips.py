"""Conv layers on a large image strip by strip, so that what passes from layer to layer stays in the processor's cache.

The first layers write maps that are many times larger than the image. As a whole they go to main memory and back, into
pages that the system hands out anew for every layer: at a short side of 1200 that takes longer than the arithmetic. A
strip reads, beside its own rows, those that the receptive fields of its cells reach into, so every cell stays the same.
"""

from collections.abc import Iterator

import torch
from torch import nn

from ..maps import cells_after

WHOLE_BYTES = 7_000_000  # an input of as much is not cut; at a short side of 600 strips gain nothing
STRIP_BYTES = 4_000_000


def convolve(layers: nn.Sequential, maps: torch.Tensor) -> torch.Tensor:
    """Return what the layers make of maps (1, C, H, W); in strips up to a pooling layer where they are large.

    Several maps at once, and those on another device than the CPU, are left whole.
    """
    for block in _blocks(layers):
        strip = _strip_rows(block, maps)
        maps = torch.cat(list(in_strips(block, maps, strip)), dim=2) if strip else block(maps)
    return maps


def in_strips(layers: nn.Sequential, maps: torch.Tensor, rows: int) -> Iterator[torch.Tensor]:
    """Yield the rows of `layers(maps)`, so many at a time, from maps (1, C, H, W); more at the end.

    Args:
        layers: Conv and pooling layers, stacked or in branches of the same stride, that pool no whole map.
        maps: (1, C, H, W), large enough for the layers.
        rows: Of the result, positive.
    """
    cells, first, last = cells_after(layers), 0, False
    stride, field = cells.stride, cells.last - cells.first + 1
    while not last:
        top = max(0, cells.first + first * stride) // stride * stride  # or cells would be between others
        bottom = cells.last + (first + rows - 1) * stride + 1
        last = bottom + field > maps.shape[2]  # or there might be no row left for another strip
        strip = layers(maps[:, :, top : None if last else bottom])[:, :, first - top // stride :]
        yield strip if last else strip[:, :, :rows]
        first += rows


def _blocks(layers: nn.Sequential) -> Iterator[nn.Sequential]:
    """Yield the layers in runs that end with a pooling layer, and those after the last one."""
    start = 0
    for number, layer in enumerate(layers, 1):
        if isinstance(layer, nn.MaxPool2d) or number == len(layers):
            yield layers[start:number]
            start = number


def _strip_rows(block: nn.Sequential, maps: torch.Tensor) -> int:
    """Return the rows of a block's strips; 0 if the maps are to be left whole."""
    size = maps.numel() * maps.element_size()
    if maps.device.type != "cpu" or len(maps) > 1 or size <= WHOLE_BYTES or not isinstance(block[-1], nn.MaxPool2d):
        return 0
    return max(1, round(STRIP_BYTES / size * maps.shape[2] / cells_after(block).stride))
