"""Spatial pyramid pooling of whole maps, as a layer of torch (He et al. 2015, section 2)."""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.functional import adaptive_max_pool2d

from .pyramid import LEVELS, checked_levels


class PyramidPooling(nn.Module):
    """Layer that turns maps of any size (B, C, H, W) into vectors (B, bins * C); differentiable."""

    def __init__(self, levels: Sequence[int] = LEVELS) -> None:
        super().__init__()
        self.levels = checked_levels(levels)

    def extra_repr(self) -> str:
        """Return the levels, so that a printed network tells them."""
        return f"levels={self.levels}"

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return the vector of every whole map."""
        pooled = [adaptive_max_pool2d(maps, level).flatten(2) for level in self.levels]  # (B, C, level * level)
        return torch.cat(pooled, dim=2).transpose(1, 2).flatten(1)
