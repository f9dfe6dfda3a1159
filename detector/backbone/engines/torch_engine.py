"""Conv layers run by torch, on the CPU or on another device: the engine that knows everything."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from threading import Lock
from typing import Any

import torch
from torch import nn

from ...errors import InputError
from ...threads import thread_count_of_libraries
from ...types import Floats, Precision
from .strips import convolve

_cudnn: Any = torch.backends.cudnn
# Where cuDNN's precision is set, and full float32's value: since torch 2.9 conv layers have a setting of their own.
_HOLDER, _SETTING, _FULL = (
    (_cudnn.conv, "fp32_precision", "ieee") if hasattr(_cudnn, "conv") else (_cudnn, "allow_tf32", False)
)
_lock, _blocks, _before = Lock(), 0, None  # of `full_float32`: how many run, and what was set before


class TorchEngine:
    """Runs layers as they are; large images strip by strip.

    Args:
        layers: Moved to the device and the precision in place.
        precision: float32, or bfloat16 for layers that compute in it.
        device: cpu, cuda or cuda:N.

    Raises:
        InputError: If there is no such precision.
    """

    def __init__(self, layers: nn.Sequential, precision: Precision, device: str) -> None:
        if precision not in ("float32", "bfloat16"):
            raise InputError(f"precision must be float32 or bfloat16, not {precision!r}")
        self._type = torch.bfloat16 if precision == "bfloat16" else torch.float32
        self._device = device
        self.layers = layers.to(memory_format=torch.channels_last)
        self.layers.to(device, self._type)

    @torch.no_grad()
    def __call__(self, pixels: Floats | torch.Tensor, depths: Sequence[int]) -> list[Floats | torch.Tensor]:
        """Return the maps of images after so many layers, on the device, on a CPU as arrays; see `Engine`."""
        thread_count_of_libraries()  # torch, just imported perhaps, takes it over
        maps: list[Floats | torch.Tensor] = []
        map = torch.as_tensor(pixels).to(self._device, self._type, memory_format=torch.channels_last)
        with full_float32():
            for start, end in pairwise((0, *depths)):
                map = convolve(self.layers[start:end], map)
                maps.append(map.float().numpy() if self._device == "cpu" else map.float())
        return maps


@contextmanager
def full_float32() -> Iterator[None]:
    """Convolve float32 as such inside the block, also on a GPU that would round it to the 10 bits of TF32.

    It is a setting of the whole process, so conv layers of other threads are slowed down while the block runs. Blocks
    of several threads may overlap: the last one to end puts back what was before the first.
    """
    global _blocks, _before
    with _lock:
        if not _blocks:
            _before = getattr(_HOLDER, _SETTING)
            setattr(_HOLDER, _SETTING, _FULL)
        _blocks += 1
    try:
        yield
    finally:
        with _lock:
            _blocks -= 1
            if not _blocks:
                setattr(_HOLDER, _SETTING, _before)
