"""Fully connected layers on pooled vectors: fc6, fc7, and what scores classes and moves windows (He et al. 2015, 4.1).

The paper's layers of 4096 cost ten times the conv layers of an image on a CPU (277 GFLOP for 2,000 windows); narrower
ones on fewer channels, or a truncated singular value decomposition (Girshick 2015, section 3.1), bring that back.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from .errors import InputError

Floats = npt.NDArray[np.float32]
LAYERS = ("fc6", "fc7")
OFFSET_DEVIATIONS = (0.1, 0.1, 0.2, 0.2)  # of the offsets of windows that overlap objects by half (Girshick 2015)


class Head(nn.Module):
    """From pooled vectors to scores of the classes and the background, and to offsets.

    Args:
        dimensions: Length of a pooled vector.
        classes: How many, without the background.
        widths: Of fc6 and fc7 (the paper's: 4096, 4096); of fc6 alone; or () for scores right from pooled vectors.
        dropout: Probability that a value of fc6 and fc7, or of a pooled vector if there are none, is left out in
            training.
    """

    def __init__(
        self, dimensions: int, classes: int, widths: Sequence[int] = (4096, 4096), *, dropout: float = 0.5
    ) -> None:
        super().__init__()
        if len(widths) > len(LAYERS) or min(widths, default=1) < 1:
            raise InputError(f"widths must be those of fc6 and fc7 or fewer, all positive, not {tuple(widths)}")
        if not 0 <= dropout < 1:
            raise InputError(f"dropout must be from 0 to below 1, not {dropout}")
        sizes = (dimensions, *widths)
        self.layers = nn.ModuleList()
        for size, width in pairwise(sizes):
            layer = nn.Linear(size, width)
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
            self.layers.append(layer)
        self.dropout = nn.Dropout(dropout)
        self.classes, self.offsets = nn.Linear(sizes[-1], classes + 1), nn.Linear(sizes[-1], 4)
        for last in (self.classes, self.offsets):
            nn.init.normal_(last.weight, std=0.01)
            nn.init.zeros_(last.bias)
        self.mean: torch.Tensor
        self.factors: torch.Tensor
        self.register_buffer("mean", torch.zeros(dimensions))
        self.register_buffer("factors", torch.ones(dimensions))

    def forward(self, vectors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the scores before the softmax (N, K + 1), the background's first, and the offsets (N, 4).

        Offsets are in units of their usual deviations.
        """
        vectors = (vectors - self.mean) * self.factors
        if not self.layers:
            vectors = self.dropout(vectors)
        for layer in self.layers:
            vectors = self.dropout(torch.relu(layer(vectors)))
        return self.classes(vectors), self.offsets(vectors)

    def dimensions(self, layer: str) -> int:
        """Return the length of a vector of a layer.

        Raises:
            InputError: If there is no such layer.
        """
        return len(self.mean) if layer == "pool" else len(self._until(layer)[-1].bias)  # type: ignore[arg-type]

    def vectors(self, pooled: Floats, layer: str) -> Floats:
        """Return the vectors of a layer: what is pooled, as it is, or what fc6 or fc7 makes of it.

        Args:
            pooled: float32 (N, D).
            layer: "pool", "fc6" or "fc7".

        Raises:
            InputError: If there is no such layer.
        """
        if layer == "pool":
            return pooled
        with torch.inference_mode():
            return self.through(torch.from_numpy(pooled), layer).numpy()

    def through(self, vectors: torch.Tensor, layer: str) -> torch.Tensor:
        """Return the vectors of fc6 or fc7 from pooled ones, without dropout, as tensors."""
        vectors = (vectors - self.mean) * self.factors
        for linear in self._until(layer):
            vectors = torch.relu(linear(vectors))
        return vectors

    def softmax(self) -> tuple[Floats, Floats]:
        """Return the weights (K + 1, D) and biases of the classes, for vectors of the last layer as they come."""
        weights, biases = (tensor.detach().cpu().numpy() for tensor in (self.classes.weight, self.classes.bias))
        if self.layers:
            return weights, biases
        folded = weights * self.factors.cpu().numpy()
        return folded, biases - folded @ self.mean.cpu().numpy()

    def _until(self, layer: str) -> list[nn.Module]:
        there = LAYERS[: len(self.layers)]
        if layer not in there:
            raise InputError(f"there is no layer {layer!r} in this model, there are {', '.join(('pool', *there))}")
        return list(self.layers)[: there.index(layer) + 1]
