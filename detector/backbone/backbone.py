"""The conv layers of a backbone: one image in, feature maps out (He et al. 2015, section 2).

The layers end with the last ReLU of the conv part. Which maps they offer is declared by name; where the cells of a map
lie in the image is derived from the layers, and proved on them.
"""

import copy
import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..errors import InputError
from .engines import engine_of
from .maps import Map, describe_maps, least_side
from .preprocessing import Preprocessing, resized
from .torch_engine import Precision


class Backbone:
    """Conv layers with frozen weights, and the maps that they offer.

    Args:
        name: What it is called in settings.
        layers: The conv layers; they become the backbone's.
        preprocessing: What the weights expect of an image.
        maps: Name of each map, and how many layers make it. The default is the last one alone.
        stem: The map at which fine-tuning divides the layers; the default is the last, so that none learn.
        precision: float32, or bfloat16 for layers that compute in it.
        device: cpu, cuda or cuda:N: where the layers are and maps stay.
        engine: What runs the layers; a name of `ENGINES`.

    Attributes:
        maps: Name -> `Map`, the shallowest first.
        fully_connected: Fully connected layers that came with the weights, by name.

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
        engine: str = "torch",
    ) -> None:
        self.name, self.preprocessing = name, preprocessing
        self.precision, self.device, self.engine = precision, device, engine
        self.layers = layers.eval().requires_grad_(False)
        self.maps = describe_maps(self.layers, maps or {"map": len(layers)})
        self.last = list(self.maps.values())[-1]
        self.stem = self.named(stem or self.last.name).name
        self.fully_connected: dict[str, torch.Tensor] = {}
        self._run = engine_of(engine)(self.layers, precision, device)

    def named(self, name: str | None) -> Map:
        """Return a map by its name; None stands for the last one.

        Raises:
            InputError: If there is no such map.
        """
        if name is None:
            return self.last
        if name not in self.maps:
            raise InputError(f"{self.name} has no map {name!r}; there are {', '.join(self.maps)}")
        return self.maps[name]

    def map(self, image: npt.NDArray[np.uint8], scale: int, *, max_side: int = 2400) -> npt.NDArray[np.float32]:
        """Return the last map of an image as an array, float32 (h, w, C); see `maps_of`."""
        return to_numpy(self.maps_of(image, scale, (self.last.name,), max_side=max_side)[self.last.name])

    def maps_of(
        self, image: npt.NDArray[np.uint8], scale: int, names: Sequence[str], *, max_side: int = 2400
    ) -> dict[str, torch.Tensor]:
        """Return maps of an image resized so that its short side is `scale`, in one pass of the layers.

        Args:
            image: uint8 (H, W, 3) RGB.
            scale: Short side in pixels (bilinear, without antialiasing, as in the release).
            names: Of the maps wanted.
            max_side: The long side is never more than this; longer images get a smaller scale.

        Returns:
            float32 (1, C, h, w) each, on the device, with at least one cell: an image smaller than that needs is
            padded with the mean on the right and at the bottom.

        Raises:
            InputError: If there is no such map.
        """
        wanted = sorted({self.named(name).depth: name for name in names}.items())
        pixels = self.preprocessing(resized(image, scale, max_side=max_side))
        missing = [max(0, self.least_side - side) for side in (pixels.shape[3], pixels.shape[2])]
        if any(missing):
            pixels = nn.functional.pad(pixels, (0, missing[0], 0, missing[1]))
        maps = self._run(pixels, [depth for depth, _ in wanted])
        return {name: map for (_, name), map in zip(wanted, maps, strict=True)}

    def convolve(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the last maps of images as the preprocessing leaves them, float32 (B, C, h, w) on the device."""
        return self._run(pixels, [len(self.layers)])[0]

    @cached_property
    def least_side(self) -> int:
        """Pixels of the smallest square that has a cell, to which images are padded."""
        return least_side(self.layers, self.last.receptive_field)

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

    def with_layers(self, layers: nn.Sequential) -> "Backbone":
        """Return a backbone of a copy of other layers that takes images as this one does.

        Its maps are those that the layers reach; what is appended to the layers of this one belongs to the last map.
        """
        depths = {name: map.depth for name, map in self.maps.items() if map.depth <= len(layers)}
        if len(layers) > self.last.depth:
            depths[self.last.name] = len(layers)
        stem = self.stem if self.stem in depths else None
        other = Backbone(
            self.name, copy.deepcopy(layers), self.preprocessing, maps=depths, stem=stem, precision=self.precision,
            device=self.device, engine=self.engine,
        )  # fmt: skip
        other.least_side = self.least_side
        other.fully_connected = self.fully_connected
        return other

    def fingerprint(self) -> str:
        """Return a hash of the weights, the preprocessing and the engine: the key under which maps may be cached."""
        settings = self.name, self.preprocessing, self.precision, self.engine
        digest = hashlib.blake2b(repr(settings).encode(), digest_size=16)
        for name, tensor in self.layers.state_dict().items():
            digest.update(name.encode())
            digest.update(tensor.float().contiguous().cpu().numpy().tobytes())
        return digest.hexdigest()


def to_numpy(map: torch.Tensor) -> npt.NDArray[np.float32]:
    """Return a map (1, C, h, w) as a C-contiguous array (h, w, C)."""
    cells: npt.NDArray[np.float32] = map[0].permute(1, 2, 0).contiguous().cpu().numpy()
    return cells


def to_tensor(map: npt.NDArray[np.float32] | torch.Tensor) -> torch.Tensor:
    """Return a map (h, w, C) as conv layers take it: (1, C, h, w), channels last in memory, where it is."""
    return torch.as_tensor(map).permute(2, 0, 1)[None]
