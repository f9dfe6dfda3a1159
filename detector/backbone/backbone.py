"""The conv layers of a backbone: one image in, one feature map out (He et al. 2015, section 2).

The layers are cut after the last ReLU of the conv part. Where a cell of the map lies in the image follows from the
kernels, strides and paddings alone and is derived here, never typed in.
"""

import copy
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import pairwise
from threading import Lock
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..errors import InputError
from .maps import map_geometry
from .networks import layers_of
from .preprocessing import Preprocessing, resized
from .strips import convolve

Precision = Literal["float32", "bfloat16"]
_lock, _blocks, _precision = Lock(), 0, "none"  # of `full_float32`: how many run, and what was before


class MapGeometry(NamedTuple):
    """Where the cells of a map lie in the image, as of a `Backbone`."""

    stride: int
    first_centre: float
    receptive_field: int
    channels: int


class Backbone:
    """Conv layers with frozen weights, and the geometry of their map.

    Attributes:
        stride: Pixels of the resized image between neighbouring cells.
        first_centre: Pixel, counted from 0, at the centre of the first cell's receptive field.
        receptive_field: Pixels along one side that a cell sees.
        channels: Channels of the map.
        preprocessing: What the weights expect of an image.
        early: The same of the map before the last pooling, which has half the stride; of the image if nothing pools.
        least_side: Pixels that the resized image is padded to.
        fully_connected: Fully connected layers that came with the weights, by name.
        precision: float32, or bfloat16 for layers that compute in it.
        device: Where the layers are and maps stay.
    """

    def __init__(
        self,
        name: str,
        layers: nn.Sequential,
        preprocessing: Preprocessing,
        *,
        precision: Precision = "float32",
        device: str = "cpu",
    ) -> None:
        self.name, self.preprocessing, self.precision, self.device = name, preprocessing, precision, device
        self.layers = layers.eval().requires_grad_(False).to(memory_format=torch.channels_last)
        self._pooling = _last_pooling(layers)
        self.stride, self.first_centre, self.receptive_field, self.channels = _described(layers)
        self.early = MapGeometry(*_described(layers[: self._pooling]))
        self.least_side = self.receptive_field
        self.fully_connected: dict[str, torch.Tensor] = {}
        self.layers.to(device, _type(precision))

    def map(self, image: npt.NDArray[np.uint8], scale: int, *, max_side: int = 2400) -> npt.NDArray[np.float32]:
        """Return the feature map of an image resized so that its short side is `scale`.

        Args:
            image: uint8 (H, W, 3) RGB.
            scale: Short side in pixels (bilinear, without antialiasing, as in the release).
            max_side: The long side is never more than this; longer images get a smaller scale.

        Returns:
            float32 (h, w, C), at least one cell: an image smaller than the receptive field allows is padded with
            the mean on the right and at the bottom.
        """
        return to_numpy(self.tensors(image, scale, max_side=max_side)[-1])

    def tensors(self, image: npt.NDArray[np.uint8], scale: int, *, max_side: int = 2400) -> list[torch.Tensor]:
        """Return the maps of the early and of all layers, float32 (1, C, h, w) each on the device; see `map`."""
        return self.maps_after(image, scale, (self._pooling, len(self.layers)), max_side=max_side)

    def maps_after(
        self, image: npt.NDArray[np.uint8], scale: int, depths: Sequence[int], *, max_side: int = 2400
    ) -> list[torch.Tensor]:
        """Return the maps after so many layers, in one pass; see `map`.

        Args:
            image: uint8 (H, W, 3) RGB.
            scale: Short side in pixels.
            depths: Numbers of layers, ascending; 0 stands for the image as the first layer sees it.
            max_side: The long side is never more than this.

        Returns:
            float32 (1, C, h, w) each, on the device.
        """
        pixels = self.preprocessing(resized(image, scale, max_side=max_side))
        missing = [max(0, self.least_side - side) for side in (pixels.shape[3], pixels.shape[2])]
        if any(missing):
            pixels = nn.functional.pad(pixels, (0, missing[0], 0, missing[1]))
        maps = []
        with torch.inference_mode(), full_float32():
            map = pixels.to(self.device, _type(self.precision), memory_format=torch.channels_last)
            for start, end in pairwise((0, *depths)):
                map = convolve(self.layers[start:end], map)
                maps.append(map.float())
        return maps

    def convolve(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the maps of images as the preprocessing leaves them, float32 (B, C, h, w) on the device."""
        pixels = pixels.to(self.device, _type(self.precision), memory_format=torch.channels_last)
        with full_float32():
            return self.layers(pixels).float()  # type: ignore[no-any-return]

    @cached_property
    def least_cell_side(self) -> int:
        """Pixels of the smallest square that has a cell, which `convolve` needs."""
        layers = copy.deepcopy(self.layers).to("meta", torch.float32)

        def has_cell(side: int) -> bool:
            try:
                return bool(layers(torch.empty(1, 3, side, side, device="meta")).numel())
            except RuntimeError:  # a kernel is larger than what it is to see
                return False

        with torch.inference_mode():
            return next(side for side in range(1, self.receptive_field + 1) if has_cell(side))

    def split(self) -> tuple["Backbone", nn.Sequential]:
        """Return the layers up to the last pooling, as a backbone, and a copy in float32 of those after it."""
        after = self._pooling + isinstance(self.layers[self._pooling], nn.MaxPool2d)
        stem = self.with_layers(self.layers[:after])
        # Numbered from 0 again: a slice keeps the numbers, and what is appended to it may replace a layer.
        return stem, nn.Sequential(*copy.deepcopy(self.layers[after:])).float()

    def with_layers(self, layers: nn.Sequential) -> "Backbone":
        """Return a backbone of a copy of other layers that takes images as this one does."""
        other = Backbone(
            self.name, copy.deepcopy(layers), self.preprocessing, precision=self.precision, device=self.device
        )
        other.least_side = self.least_side
        return other

    def fingerprint(self) -> str:
        """Return a hash of the weights and the preprocessing: the key under which maps may be cached."""
        digest = hashlib.blake2b(repr((self.name, self.preprocessing, self.precision)).encode(), digest_size=16)
        for name, tensor in self.layers.state_dict().items():
            digest.update(name.encode())
            digest.update(tensor.float().contiguous().cpu().numpy().tobytes())
        return digest.hexdigest()


@contextmanager
def conv_threads(count: int) -> Iterator[None]:
    """Convolve with so many threads inside the block.

    One is best beside other busy processes: the threads of a conv layer wait for each other by spinning, and where
    there are more of them than free cores that takes many times longer.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def full_float32() -> Iterator[None]:
    """Convolve float32 as such inside the block, also on a GPU that would round it to the 10 bits of TF32.

    It is a setting of the whole process, so conv layers of other threads are slowed down while the block runs. Blocks
    of several threads may overlap: the last one to end puts back what was before the first.
    """
    global _blocks, _precision
    convolutions = torch.backends.cudnn.conv  # type: ignore[attr-defined]
    with _lock:
        if not _blocks:
            _precision, convolutions.fp32_precision = convolutions.fp32_precision, "ieee"
        _blocks += 1
    try:
        yield
    finally:
        with _lock:
            _blocks -= 1
            if not _blocks:
                convolutions.fp32_precision = _precision


def to_numpy(map: torch.Tensor) -> npt.NDArray[np.float32]:
    """Return a map (1, C, h, w) as a C-contiguous array (h, w, C)."""
    cells: npt.NDArray[np.float32] = map[0].permute(1, 2, 0).contiguous().cpu().numpy()
    return cells


def to_tensor(map: npt.NDArray[np.float32] | torch.Tensor) -> torch.Tensor:
    """Return a map (h, w, C) as conv layers take it: (1, C, h, w), channels last in memory, where it is."""
    return torch.as_tensor(map).permute(2, 0, 1)[None]


def backbone_geometry(name: str) -> tuple[int, float, int, int]:
    """Return stride, first centre, receptive field and channels of a backbone by name; see `Backbone`."""
    return _described(layers_of(name))


def _described(layers: nn.Sequential) -> tuple[int, float, int, int]:
    stride, centre, field = map_geometry(layers)
    tried = copy.deepcopy(layers).to("cpu", torch.float32)  # wherever, and in whatever precision, the layers are
    with torch.inference_mode():
        return stride, centre, field, int(tried(torch.zeros(1, 3, field, field)).shape[1])


def _last_pooling(layers: nn.Sequential) -> int:
    """Return the number of the last pooling layer, 0 if there is none."""
    return max((number for number, layer in enumerate(layers) if isinstance(layer, nn.MaxPool2d)), default=0)


def _type(precision: Precision) -> torch.dtype:
    if precision not in ("float32", "bfloat16"):
        raise InputError(f"precision must be float32 or bfloat16, not {precision!r}")
    return torch.bfloat16 if precision == "bfloat16" else torch.float32
