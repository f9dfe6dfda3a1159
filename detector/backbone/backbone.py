"""The conv layers of a backbone as layers of torch, which training needs: to divide, to change and to save.

The layers end with the last ReLU of the conv part. Which maps they offer is declared by name; where the cells of a map
lie in the image is derived from the layers, and proved on them.
"""

import copy
from collections.abc import Iterable, Mapping

import torch
from torch import nn

from ..types import Floats, Precision
from .conv_layers import ConvLayers
from .engines.table import engine_of
from .engines.tracing import arrays_of
from .maps import describe_maps, least_side
from .preprocessing import Preprocessing


class Backbone(ConvLayers):
    """Conv layers with frozen weights, and the maps that they offer.

    Args:
        name: What it is called in settings.
        layers: The conv layers; they become the backbone's.
        preprocessing: What the weights expect of an image.
        maps: Name of each map, and how many layers make it. The default is the last one alone.
        stem: The map at which fine-tuning divides the layers; the default is the last, so that none learn.
        precision: float32, or bfloat16 for layers that compute in it.
        device: cpu, cuda or cuda:N: where the layers are and maps stay.
        engine: What runs the layers; one of `ENGINE_NAMES`. The attribute is what auto stands for.
        smallest: Pixels of the smallest square that images are padded to; the default is what has a cell.

    Attributes:
        maps: Name -> `Map`, the shallowest first.

    Raises:
        InputError: If the layers have no such maps, or cells whose place cannot be told.
    """

    def __init__(
        self,
        name: str,
        layers: nn.Sequential,
        preprocessing: Preprocessing,
        *,
        maps: Mapping[str, int] | None = None,
        stem: str | None = None,
        precision: Precision = "float32",
        device: str = "cpu",
        engine: str = "auto",
        smallest: int | None = None,
    ) -> None:
        # Channels last in any engine, because fine-tuning runs some of them.
        self.layers = layers.eval().requires_grad_(False).to(memory_format=torch.channels_last)
        found = describe_maps(self.layers, maps or {"map": len(layers)})
        *_, last = found.values()
        self._wanted = engine
        engine, run, remark = engine_of(self.layers, engine, precision, device)
        super().__init__(
            name, preprocessing, maps=found, least_side=smallest or least_side(self.layers, last.receptive_field),
            run=run, tensors=self._tensors, engine=engine, precision=precision, device=device, remark=remark,
        )  # fmt: skip
        self.stem = self.named(stem or self.last.name).name

    def split(self, at: str | None = None) -> tuple["Backbone", nn.Sequential]:
        """Return the layers up to a map, as a backbone, and a copy in float32 of those after it.

        Args:
            at: Name of the map; the default is the backbone's stem.

        Raises:
            InputError: If there is no such map.
        """
        depth = self.named(at or self.stem).depth
        # Numbered from 0 again: a slice keeps the numbers, and what is appended to it may replace a layer.
        tail = nn.Sequential(*copy.deepcopy(self.layers[depth:])).float()
        return self.with_layers(self.layers[:depth]), tail

    def with_layers(self, layers: Iterable[nn.Module]) -> "Backbone":
        """Return a backbone of a copy of other layers that takes images as this one does.

        Its maps are those that the layers reach; what is appended to the layers of this one belongs to the last map.
        """
        layers = nn.Sequential(*layers)
        depths = {name: map.depth for name, map in self.maps.items() if map.depth <= len(layers)}
        if len(layers) > self.last.depth:
            depths[self.last.name] = len(layers)
        stem = self.stem if self.stem in depths else None
        other = Backbone(
            self.name, copy.deepcopy(layers), self.preprocessing, maps=depths, stem=stem, precision=self.precision,
            device=self.device, engine=self._wanted, smallest=self.least_side,
        )  # fmt: skip
        other.fully_connected = self.fully_connected
        return other

    def _tensors(self) -> dict[str, Floats]:
        return arrays_of(self.layers)


def to_numpy(map: torch.Tensor) -> Floats:
    """Return a map (1, C, h, w) as a C-contiguous array (h, w, C)."""
    cells: Floats = map[0].permute(1, 2, 0).contiguous().cpu().numpy()
    return cells


def to_tensor(map: Floats | torch.Tensor) -> torch.Tensor:
    """Return a map (h, w, C) as conv layers take it: (1, C, h, w), channels last in memory, where it is."""
    return torch.as_tensor(map).permute(2, 0, 1)[None]
