"""The table of engines: what can run the conv layers, and which one does where none is named."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from ... import backbone  # whose modules come when they are first used: torch takes seconds
from ...errors import InputError
from ...types import Floats, Precision

if TYPE_CHECKING:
    import torch
    from torch import nn


class Engine(Protocol):
    """Conv layers ready to run."""

    def __call__(self, pixels: Floats, depths: Sequence[int]) -> "list[Floats | torch.Tensor]":
        """Return the maps of images after so many layers: float32 (B, C, h, w) each, on a CPU arrays.

        Args:
            pixels: float32 (B, 3, H, W), as the preprocessing leaves images.
            depths: Numbers of layers, ascending; 0 stands for the pixels.
        """


# Name -> what makes an engine of layers, for a precision and a device.
ENGINES: "dict[str, Callable[[nn.Sequential, Precision, str], Engine]]" = {
    "onnx": lambda layers, precision, device: backbone.onnx_engine_of(layers, precision, device),
    "torch": lambda layers, precision, device: backbone.TorchEngine(layers, precision, device),
}
ENGINE_NAMES = ("auto", *ENGINES)


def resolved_engine(name: str, precision: Precision, device: str) -> str:
    """Return the engine that a name stands for: onnx computes on a CPU in float32 only, torch everywhere.

    Raises:
        InputError: If there is no such engine.
    """
    if name not in ENGINE_NAMES:
        raise InputError(f"there is no engine {name!r}; there are {', '.join(ENGINE_NAMES)}")
    return "torch" if name == "torch" or device != "cpu" or precision != "float32" else "onnx"


def engine_of(layers: "nn.Sequential", name: str, precision: Precision, device: str) -> tuple[str, Engine, str]:
    """Return what runs layers: the engine's name, the engine, and a remark if it is not what one would expect.

    What onnx cannot run torch does. That is remarked upon, but for auto on a GPU or in another precision.

    Raises:
        InputError: If there is no such engine or precision.
    """
    resolved = resolved_engine(name, precision, device)
    if resolved == "torch" and name != "onnx":
        return "torch", ENGINES["torch"](layers, precision, device), ""
    try:
        return "onnx", ENGINES["onnx"](layers, precision, device), ""
    except InputError as error:
        return "torch", ENGINES["torch"](layers, precision, device), f"conv layers run in torch: {error}"
