"""Pyramid pooling where the maps are, on a GPU, say: by torchvision's kernel, which pools regions of a map."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torchvision.ops import roi_pool

from .pyramid import LEVELS, bins


def pool_tensors(map: torch.Tensor, cells: npt.NDArray[np.int32], levels: Sequence[int] = LEVELS) -> torch.Tensor:
    """Return what `pool_differentiably` does, from torchvision's kernel, which runs where the map is.

    Every bin is a region of its own: the kernel cuts a region in float32, which is wrong for some lengths at 7 and
    more bins per side. On a GPU it adds gradients up in any order, so that they differ in the last bits between runs.
    """
    regions = _bins(torch.from_numpy(cells).to(map.device, torch.int64), levels)
    regions = nn.functional.pad(regions, (1, 0))  # the number of the map, 0
    vectors: torch.Tensor = roi_pool(map, regions.to(map.dtype), 1)
    return vectors.reshape(len(cells), bins(levels) * map.shape[1])


def _bins(cells: torch.Tensor, levels: Sequence[int]) -> torch.Tensor:
    """Return the first and the last cell of all bins, window by window: int64 (N * bins, 4)."""
    start, length = cells[:, None, :2], cells[:, None, 2:] - cells[:, None, :2]
    parts = []
    for level in levels:
        steps = torch.arange(level, device=cells.device)[None, :, None]
        first, last = start + steps * length // level, start + ((steps + 1) * length - 1) // level  # (N, level, 2)
        edges = torch.cat([first, last], dim=2)
        columns, rows = edges[:, None, :, [0, 2]], edges[:, :, None, [1, 3]]
        shape = (len(cells), level, level, 2)
        parts.append(torch.stack([columns.expand(shape), rows.expand(shape)], dim=4).reshape(len(cells), -1, 4))
    return torch.cat(parts, dim=1).reshape(-1, 4)
