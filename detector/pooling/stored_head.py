"""Fully connected layers as a model's file holds them."""

from collections.abc import Mapping, Sequence

import torch

from ..files.layers import take_tensors
from ..types import Floats
from .head import Head


def head_from(
    tensors: Mapping[str, Floats], file: str, dimensions: int, classes: int, widths: Sequence[int], ranks: Sequence[int]
) -> Head:
    """Return the head whose tensors a file holds under "head."; its other arguments are those of `Head`.

    Raises:
        ModelError: If a tensor is missing, not finite, or of another type or shape.
    """
    with torch.device("meta"):  # takes no memory, whatever widths the settings claim
        head = Head(dimensions, classes, widths, ranks=ranks)
    take_tensors(head, {name: torch.from_numpy(tensor) for name, tensor in tensors.items()}, file, "head.")
    return head.eval().requires_grad_(False)
