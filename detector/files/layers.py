"""Tensors of a file as those of layers."""

import torch
from torch import Tensor, nn

from ..errors import ModelError


def take_tensors(layers: nn.Module, tensors: dict[str, Tensor], file: str, prefix: str) -> None:
    """Make tensors those of layers, which may be on the meta device; `prefix` is that of their names in the file.

    Raises:
        ModelError: If one is missing, not finite, or of another type or shape.
    """
    wanted = layers.state_dict()
    for name, parameter in wanted.items():
        if name not in tensors:
            raise ModelError(f"{file}: the tensor '{prefix}{name}' is missing")
        tensor, shape = tensors[name], tuple(parameter.shape)
        if tensor.shape != shape or tensor.dtype != torch.float32 or not bool(tensor.isfinite().all()):
            got = f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
            raise ModelError(f"{file}: '{prefix}{name}' must be finite float32 {shape}, not {got}")
    layers.load_state_dict({name: tensors[name] for name in wanted}, assign=True)
