"""The layers that learn: what they make of the maps of a frozen stem."""

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from ...backbone.conv_layers import ConvLayers


def maps_through(
    tail: nn.Sequential, maps: Mapping[str, torch.Tensor], scale: int, *, stem: ConvLayers, whole: ConvLayers,
    names: Sequence[str],
) -> dict[str, torch.Tensor]:  # fmt: skip
    """Return maps of a whole backbone at one scale, from those of its stem.

    Args:
        tail: The layers after the stem.
        maps: The stem's, (1, C, h, w) each, by scale and name as `WindowFeatures.names` has them.
        scale: Short side of the image in pixels.
        stem: Made the maps.
        whole: The stem's layers and the tail's.
        names: Of the maps wanted, the shallowest first.

    Returns:
        (1, C, h, w) each by scale and name; maps that the stem has are those given.
    """
    found, map, start = dict[str, torch.Tensor](), maps[f"{scale}-{stem.last.name}"], 0
    for name in names:
        depth = whole.named(name).depth - stem.last.depth
        if depth > 0:
            map, start = tail[start:depth](map), depth
        found[f"{scale}-{name}"] = map if depth > 0 else maps[f"{scale}-{name}"]
    return found
