"""Conv layers ready to run: one image in, feature maps out, whatever runs them (He et al. 2015, section 2)."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..types import Floats, Precision
from .preprocessing import Preprocessing, resized

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Map:
    """A map of a backbone.

    Attributes:
        name: As the backbone calls it.
        depth: How many of the layers make it.
        stride: Pixels of the resized image between neighbouring cells.
        first_centre: Pixel, counted from 0, at the centre of what the first cell sees.
        receptive_field: Pixels along one side of the square that a cell sees.
        channels: Values of a cell.
    """

    name: str
    depth: int
    stride: int
    first_centre: float
    receptive_field: int
    channels: int

    def bytes_of(self, pixels: float) -> float:
        """Return about how many bytes the map of so many pixels takes in half precision."""
        return pixels / self.stride**2 * self.channels * 2


class ConvLayers:
    """What makes maps of images, and what there is to know of them.

    Args:
        name: What the backbone is called in settings.
        preprocessing: What the weights expect of an image.
        maps: Name -> `Map`, the shallowest first; not empty.
        least_side: Pixels of the smallest square that has a cell, to which images are padded.
        run: Makes the maps of pixels float32 (B, 3, H, W) after so many layers, ascending; see `Engine`. Where the
            layers are on another device, pixels may be tensors there.
        tensors: The weights by name, when they are asked for.
        engine: Name of what runs the layers.
        precision: float32 or bfloat16.
        device: cpu, cuda or cuda:N: where the layers are and maps stay.
        remark: Why it is not the engine that one would expect, if so.

    Attributes:
        last: The deepest map.
        fully_connected: Fully connected layers that came with the weights, by name.
    """

    def __init__(
        self,
        name: str,
        preprocessing: Preprocessing,
        *,
        maps: Mapping[str, Map],
        least_side: int,
        run: "Callable[[Any, Sequence[int]], list[Floats | torch.Tensor]]",
        tensors: Callable[[], Mapping[str, Floats]],
        engine: str,
        precision: Precision = "float32",
        device: str = "cpu",
        remark: str = "",
    ) -> None:
        self.name, self.preprocessing, self.maps, self.least_side = name, preprocessing, dict(maps), least_side
        self.last = list(self.maps.values())[-1]
        self.engine, self.precision, self.device, self.remark = engine, precision, device, remark
        self.tensors, self._run = tensors, run
        self.fully_connected: dict[str, torch.Tensor] = {}

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

    def map(self, image: npt.NDArray[np.uint8], scale: int, *, max_side: int = 2400) -> Floats:
        """Return the last map of an image as an array, float32 (h, w, C); see `maps_of`."""
        return cells_of(self.maps_of(image, scale, (self.last.name,), max_side=max_side)[self.last.name])

    def maps_of(
        self, image: npt.NDArray[np.uint8], scale: int, names: Sequence[str], *, max_side: int = 2400
    ) -> "dict[str, Floats | torch.Tensor]":
        """Return maps of an image resized so that its short side is `scale`, in one pass of the layers.

        Args:
            image: uint8 (H, W, 3) RGB.
            scale: Short side in pixels (bilinear, without antialiasing, as in the release).
            names: Of the maps wanted.
            max_side: The long side is never more than this; longer images get a smaller scale.

        Returns:
            float32 (1, C, h, w) each, arrays or tensors on another device, with at least one cell: an image smaller
            than that needs is padded with the mean on the right and at the bottom.

        Raises:
            InputError: If there is no such map.
        """
        pixels = padded(self.preprocessing(resized(image, scale, max_side=max_side)), self.least_side)
        return self.maps_of_pixels(pixels, names)

    def maps_of_pixels(
        self, pixels: "Floats | torch.Tensor", names: Sequence[str]
    ) -> "dict[str, Floats | torch.Tensor]":
        """Return maps of images as the preprocessing leaves them, float32 (B, C, h, w) each; see `maps_of`."""
        wanted = sorted({self.named(name).depth: name for name in names}.items())
        maps = self._run(pixels, [depth for depth, _ in wanted])
        return {name: map for (_, name), map in zip(wanted, maps, strict=True)}

    def convolve(self, pixels: "Floats | torch.Tensor") -> "Floats | torch.Tensor":
        """Return the last maps of images as the preprocessing leaves them: float32 (B, C, h, w), as `maps_of`."""
        return self._run(pixels, [self.last.depth])[0]

    def fingerprint(self) -> str:
        """Return a hash of the weights, the preprocessing and the engine: the key under which maps may be cached."""
        settings = self.name, self.preprocessing, self.precision, self.engine
        digest = hashlib.blake2b(repr(settings).encode(), digest_size=16)
        for name, tensor in self.tensors().items():
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(tensor).data)
        return digest.hexdigest()


def padded(pixels: Floats, side: int) -> Floats:
    """Return pixels (B, 3, H, W) with zeros, the mean, on the right and at the bottom up to a least side."""
    missing = [(0, max(0, side - length)) for length in pixels.shape[2:]]
    return np.pad(pixels, [(0, 0), (0, 0), *missing]) if any(map(any, missing)) else pixels


def cells_of(map: "Floats | torch.Tensor") -> Floats:
    """Return a map (1, C, h, w) as a C-contiguous array (h, w, C)."""
    array: Floats = map if isinstance(map, np.ndarray) else map.cpu().numpy()
    return np.ascontiguousarray(array[0].transpose(1, 2, 0))
