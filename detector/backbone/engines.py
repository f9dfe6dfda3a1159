"""The table of engines: what can run the conv layers."""

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import nn

from ..errors import InputError
from .torch_engine import Precision, TorchEngine


class Engine(Protocol):
    """Conv layers ready to run."""

    def __call__(self, pixels: torch.Tensor, depths: Sequence[int]) -> list[torch.Tensor]:
        """Return the maps of images after so many layers, ascending: float32 (B, C, h, w) each; see `TorchEngine`."""


def _onnx(layers: nn.Sequential, precision: Precision, device: str) -> Engine:
    from .onnx_engine import OnnxEngine  # onnxruntime takes a while to import, and not everybody uses it

    return OnnxEngine(layers, precision, device)


# Name -> what makes an engine of layers, for a precision and a device.
ENGINES: dict[str, Callable[[nn.Sequential, Precision, str], Engine]] = {"torch": TorchEngine, "onnx": _onnx}


def engine_of(name: str) -> Callable[[nn.Sequential, Precision, str], Engine]:
    """Return what makes an engine.

    Raises:
        InputError: If there is no such engine.
    """
    if name not in ENGINES:
        raise InputError(f"there is no engine {name!r}; there are {', '.join(ENGINES)}")
    return ENGINES[name]
