"""What every bin of a window's pyramid adds to the margin of a class.

SVMs are linear in the pooled vector: margin = sum of the bins' parts + bias. Of a softmax the margin is the logarithm
of the odds, log(p / (1 - p)). With logits z and the background's 0 that is

    z_k - log(1 + sum of exp(z_j) over all other classes j):

what the bins add to the class's logit against the background, which is linear, less what its rivals take.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..pooling.features import WindowFeatures
from ..scoring.detection import WindowScorer
from .pooled import Doubles, Pooled, rounded


@dataclass(frozen=True)
class Reason:
    """Why a class has its margin: parts + bias + rivals = margin.

    Attributes:
        label: Number of the class.
        name: Of the class.
        score: From 0 to 1, what calibration makes of the margin.
        margin: As the detector has it.
        against: What the parts speak against: "background" of a softmax, "zero" of an SVM.
        bias: What a vector of zeros would have.
        rivals: What the other classes take, 0 or less; always 0 for an SVM.
        parts: Float64, by view and level, (bins,), row by row.
    """

    label: int
    name: str
    score: float
    margin: float
    against: str
    bias: float
    rivals: float
    parts: tuple[tuple[Doubles, ...], ...]

    @property
    def by_view(self) -> list[float]:
        """What every view adds."""
        return [float(sum(level.sum() for level in view)) for view in self.parts]

    @property
    def total(self) -> float:
        """What parts, bias and rivals add up to: the margin, but for rounding."""
        return sum(self.by_view) + self.bias + self.rivals

    def to_json(self, pooled: Pooled) -> dict[str, Any]:
        """Return it as JSON holds it; the parts of a level row by row."""
        views = [
            {
                "view": view.name,
                "map": view.map,
                "part": part,
                "levels": [
                    {"side": level.side, "parts": rounded(values.reshape(level.side, level.side), 6)}
                    for level, values in zip(view.levels, parts, strict=True)
                ],
            }
            for view, part, parts in zip(pooled.views, self.by_view, self.parts, strict=True)
        ]
        names = ("name", "score", "margin", "against", "bias", "rivals")
        found = {"label" if name == "name" else name: getattr(self, name) for name in names}
        return {**found, "views": views}


def reason(
    features: WindowFeatures, scorer: WindowScorer, pooled: Pooled, label: int, margin: float, name: str
) -> Reason:
    """Return why a class has a margin.

    Args:
        features: How windows become vectors.
        scorer: What makes margins of vectors.
        pooled: The window.
        label: Number of the class.
        margin: Its margin for this window.
        name: Of the class.
    """
    vector, row = pooled.vector.astype(np.float64), scorer.background + label
    softmax = scorer.softmax and row < len(scorer.weights) - scorer.further
    weights, bias = scorer.weights[row].astype(np.float64), float(scorer.biases[row])
    if softmax:  # against its own background, which is the last row of it; those before were classes once
        weights = weights - scorer.weights[scorer.background - 1]
        bias -= float(scorer.biases[scorer.background - 1])
    seen = vector
    if features.head is not None and features.layer != "pool":
        seen = features.head.vectors(pooled.vector[None], features.layer)[0].astype(np.float64)
        value = float(weights @ seen) + bias
        weights = _slope(features, pooled, weights)
        bias = value - float(weights @ vector)
    return Reason(
        label=label,
        name=name,
        score=float(scorer.calibration.scores(np.array([margin], np.float32))[0]),
        margin=margin,
        against="background" if softmax else "zero",
        bias=bias,
        rivals=_rivals(scorer, seen, row) if softmax else 0.0,
        parts=pooled.split(weights * vector),
    )


def is_exact(features: WindowFeatures) -> bool:
    """Return whether margins are linear in the pooled vector, as they are without fully connected layers between."""
    return features.head is None or features.layer == "pool"


def _rivals(scorer: WindowScorer, vector: Doubles, row: int) -> float:
    """Return what the other classes take from a class, given by its row, in the logarithm of its odds."""
    shared, background = len(scorer.weights) - scorer.further, scorer.background - 1
    logits = scorer.weights[:shared].astype(np.float64) @ vector + scorer.biases[:shared]
    return -float(np.logaddexp.reduce(np.delete(logits - logits[background], row)))


def _slope(features: WindowFeatures, pooled: Pooled, weights: Doubles) -> Doubles:
    """Return how a product with the vector of a fully connected layer changes with the pooled vector: float64 (D,)."""
    import torch  # which fully connected layers are made of

    head = features.head
    assert head is not None
    given = torch.from_numpy(pooled.vector[None].copy()).to(head.mean.device).requires_grad_(True)
    direction = torch.from_numpy(weights.astype(np.float32)).to(head.mean.device)
    (head.through(given, features.layer) @ direction).sum().backward()  # type: ignore[no-untyped-call]
    assert given.grad is not None
    return np.asarray(given.grad[0].cpu().numpy(), np.float64)
