"""Fully connected layers on pooled vectors: fc6, fc7, and what scores classes and moves windows (He et al. 2015, 4.1).

The paper's layers of 4096 cost ten times the conv layers of an image on a CPU (277 GFLOP for 2,000 windows); narrower
ones on fewer channels, or a truncated singular value decomposition (Girshick 2015, section 3.1), bring that back.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import nn

from ..errors import InputError
from ..types import Floats
from .pyramid import bins
from .settings import check_layers

LAYERS = ("fc6", "fc7")
OFFSET_DEVIATIONS = (0.1, 0.1, 0.2, 0.2)  # of the offsets of windows that overlap objects by half (Girshick 2015)


class Dropout(nn.Module):
    """Leaves values out at random in training and scales the others up, as torch's does, in a tenth of its time.

    One random number decides on eight values, so that the probability is a whole number of 256ths.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def extra_repr(self) -> str:
        """Return the probability, so that a printed network tells it."""
        return f"p={self.p}"

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Return the values, some of them 0."""
        left_out = round(256 * self.p)
        if not self.training or not left_out:
            return values
        random = torch.randint(-(2**63), 2**63 - 1, (-(-values.numel() // 8),), device=values.device)
        kept = random.view(torch.uint8)[: values.numel()].view_as(values) >= left_out
        return values * (kept * (256 / (256 - left_out)))


class Head(nn.Module):
    """From pooled vectors to scores of the classes and the background, and to offsets.

    Args:
        dimensions: Length of a pooled vector.
        classes: How many, without the background.
        widths: Of fc6 and fc7 (the paper's: 4096, 4096); of fc6 alone; or () for scores right from pooled vectors.
        dropout: Probability that a value of fc6 and fc7, or of a pooled vector if there are none, is left out in
            training.
        ranks: Of fc6 and fc7 where they are compressed: each is two layers then, through so many values.
    """

    def __init__(
        self,
        dimensions: int,
        classes: int,
        widths: Sequence[int] = (4096, 4096),
        *,
        dropout: float = 0.5,
        ranks: Sequence[int] = (),
    ) -> None:
        super().__init__()
        check_layers(widths, dropout, ranks)
        sizes = (dimensions, *widths)
        self._widths = tuple(widths)
        self.layers = nn.ModuleList()
        for size, width, rank in zip(sizes, widths, ranks or [0] * len(widths), strict=False):
            if rank:
                inner = min(rank, size, width)
                self.layers.append(nn.Sequential(nn.Linear(size, inner, bias=False), nn.Linear(inner, width)))
                continue
            layer = nn.Linear(size, width)
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
            self.layers.append(layer)
        self.dropout = Dropout(dropout)
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
        return len(self.mean) if layer == "pool" else self._widths[self._depth(layer) - 1]

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
            return self.through(torch.from_numpy(pooled).to(self.mean.device), layer).cpu().numpy()

    def through(self, vectors: torch.Tensor, layer: str) -> torch.Tensor:
        """Return the vectors of fc6 or fc7 from pooled ones, without dropout, as tensors."""
        vectors = (vectors - self.mean) * self.factors
        for linear in self.layers[: self._depth(layer)]:
            vectors = torch.relu(linear(vectors))
        return vectors

    def softmax(self) -> tuple[Floats, Floats]:
        """Return the weights (K + 1, D) and biases of the classes, for vectors of the last layer as they come."""
        return self._folded(self.classes)

    def regression(self) -> tuple[Floats, Floats]:
        """Return the weights (4, D) and biases (4,) of the offsets of any class, likewise, in units of 1."""
        weights, biases = self._folded(self.offsets)
        deviations = np.array(OFFSET_DEVIATIONS, np.float32)
        return weights * deviations[:, None], biases * deviations

    def _folded(self, linear: nn.Linear) -> tuple[Floats, Floats]:
        weights, biases = (tensor.detach().cpu().numpy() for tensor in (linear.weight, linear.bias))
        if self.layers:
            return weights, biases
        folded = weights * self.factors.cpu().numpy()
        return folded, biases - folded @ self.mean.cpu().numpy()

    def compressed(self, ranks: Sequence[int]) -> "Head":
        """Return a head whose fc6 and fc7 are the nearest ones of these ranks (truncated singular values).

        Raises:
            InputError: If there is not one positive rank for each layer, or a layer is compressed already.
        """
        if len(ranks) != len(self.layers):
            raise InputError(f"ranks must be {len(self.layers)}, one for each layer, not {tuple(ranks)}")
        head = Head(len(self.mean), len(self.classes.bias) - 1, self._widths, dropout=self.dropout.p, ranks=ranks)
        tensors = {name: tensor for name, tensor in self.state_dict().items() if not name.startswith("layers.")}
        for number, (layer, rank) in enumerate(zip(self.layers, ranks, strict=True)):
            if not isinstance(layer, nn.Linear):
                raise InputError(f"{LAYERS[number]} is compressed already")
            left, values, right = torch.linalg.svd(layer.weight, full_matrices=False)
            tensors[f"layers.{number}.0.weight"] = values[:rank, None] * right[:rank]
            tensors[f"layers.{number}.1.weight"] = left[:, :rank]
            tensors[f"layers.{number}.1.bias"] = layer.bias
        head.load_state_dict(tensors)
        return head.to(self.mean.device).eval().requires_grad_(False)

    def start_from(self, classifier: Mapping[str, torch.Tensor], channels: int, levels: Sequence[int]) -> list[str]:
        """Take fc6 and fc7 of a backbone whose shapes allow, and return the names of those taken.

        The backbone's fc6 saw 6x6 bins; it takes the place of that level, and the weights of all other bins become
        zero, so that the network begins as the backbone. To be called once mean and factors are set.

        Args:
            classifier: Its fully connected layers in order, weights (out, in) and biases by name.
            channels: Of the map.
            levels: Of the pyramid.
        """
        weights = [name for name, tensor in classifier.items() if tensor.dim() == 2 and name.endswith(".weight")]
        taken: list[str] = []
        for layer, source in zip(self.layers, weights, strict=False):
            weight = classifier[source].float()
            bias = classifier[source.removesuffix("weight") + "bias"].float()
            if not taken:
                if 6 not in levels or weight.shape != (len(layer.bias), 36 * channels):  # type: ignore[arg-type]
                    return taken
                first = channels * bins(levels[: list(levels).index(6)])
                whole = torch.zeros(layer.weight.shape)  # type: ignore[arg-type]
                by_bin = weight.reshape(-1, channels, 36).transpose(1, 2).flatten(1)
                whole[:, first : first + 36 * channels] = by_bin
                bias = bias + whole @ self.mean.cpu()
                weight = whole / self.factors.cpu()
            if weight.shape != layer.weight.shape:
                return taken
            with torch.no_grad():
                layer.weight.copy_(weight)  # type: ignore[operator]
                layer.bias.copy_(bias)  # type: ignore[operator]
            taken.append(LAYERS[len(taken)])
        return taken

    def _depth(self, layer: str) -> int:
        there = LAYERS[: len(self.layers)]
        if layer not in there:
            raise InputError(f"there is no layer {layer!r} in this model, there are {', '.join(('pool', *there))}")
        return there.index(layer) + 1
