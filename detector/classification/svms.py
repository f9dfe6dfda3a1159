"""Linear SVMs of whole images, their cost chosen by cross-validation (He et al. 2015, section 3.2).

The mean of the training images is subtracted, so that the bias need not undo it, and where an image has vectors of
several layers each layer is scaled to bring in as much variance as any other.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..scoring.svm import SVMs, fit_svms
from ..types import Floats
from .labels import Quality

Labels = npt.NDArray[np.int8]

COSTS = (0.1, 0.3, 1.0, 3.0, 10.0)  # for vectors of mean squared length 1
TOLERANCE = 1e-2  # relative duality gap: the ranking of images has long settled
_DIAGONAL = 1e-4  # keeps the matrix of products positive definite whatever its rounding errors


class ImageSVMs:
    """One linear SVM per class over vectors of images, all with the cost that does best on images held out.

    Attributes:
        C_: The cost chosen.
        qualities_: Cost -> quality in cross-validation; the mean of the training images is that of all folds.
        margins_: float32 (N, K), of every training image by the SVMs, of cost C_, that were trained without its fold.
        weights_: float32 (K, D), of the standardised vectors.
        biases_: float32 (K,).
        means_: For each layer float32 (D,), subtracted from its vectors.
        scales_: For each layer the factor of its vectors.

    Args:
        quality: From margins float32 (N, K) and labels int8 (N, K) to a number, the higher the better.
        costs: The costs that are tried, ascending; of equally good ones the first is taken.
        folds: Parts of the images, each of which is held out once in the cross-validation.
        seed: Decides which images a fold has, and in which order the solver sees them.

    Raises:
        InputError: If there are fewer than 2 folds, no costs, or the seed is negative.
    """

    def __init__(self, quality: Quality, *, costs: Sequence[float] = COSTS, folds: int = 5, seed: int = 0) -> None:
        if folds < 2 or not costs or seed < 0:
            raise InputError(f"needs 2 folds or more, a cost and a seed of 0 or more, not {folds}, {costs}, {seed}")
        self.quality, self.costs, self.folds, self.seed = quality, tuple(costs), folds, seed

    def fit(self, parts: Sequence[Floats], labels: Labels) -> Self:
        """Learn from images.

        Args:
            parts: For each layer the vectors of the images, float32 (N, D) each.
            labels: int8 (N, K): 1 of the class, -1 not, 0 left out for this class.

        Raises:
            InputError: If the shapes do not agree, a value is not finite, there are fewer images than folds, or no
                class has images of it and images without it.
        """
        self._check(parts, labels)
        self.means_ = [part.mean(axis=0) for part in parts]
        self.scales_ = [_scale(part - mean, len(parts)) for part, mean in zip(parts, self.means_, strict=True)]
        vectors = self._standardised(parts)
        rows = _compact(vectors)
        margins = {cost: self._held_out(rows, labels, cost) for cost in self.costs}
        self.qualities_ = {cost: self.quality(margins[cost], labels) for cost in self.costs}
        self.C_ = max(self.costs, key=self.qualities_.__getitem__)
        self.margins_ = margins[self.C_]
        svms = self._svms(rows, labels, self.C_)
        # Weights are sums of vectors, so that those in the space of the rows tell those in the space of the vectors.
        self.weights_: Floats = np.multiply(svms.alphas, labels, dtype=np.float32).T @ vectors
        self.biases_ = svms.biases
        return self

    def scores(self, parts: Sequence[Floats]) -> Floats:
        """Return the margins of images, float32 (N, K), from their vectors of each layer, float32 (N, D)."""
        return np.asarray(self._standardised(parts) @ self.weights_.T + self.biases_, np.float32)

    def _standardised(self, parts: Sequence[Floats]) -> Floats:
        return np.hstack(
            [(part - mean) * scale for part, mean, scale in zip(parts, self.means_, self.scales_, strict=True)]
        )

    def _held_out(self, rows: Floats, labels: Labels, cost: float) -> Floats:
        """Return the margins of every row by the SVMs that were trained without its fold."""
        margins = np.empty(labels.shape, np.float32)
        folds = np.random.default_rng(self.seed).permutation(len(rows)) % self.folds
        for fold in range(self.folds):
            inside = folds == fold
            svms = self._svms(rows[~inside], labels[~inside], cost)
            margins[inside] = rows[inside] @ svms.weights.T + svms.biases
        return margins

    def _svms(self, rows: Floats, labels: Labels, cost: float) -> SVMs:
        return fit_svms(rows, labels, C=cost, positive_weight=1.0, bias_scale=1.0, tolerance=TOLERANCE, seed=self.seed)

    def _check(self, parts: Sequence[Floats], labels: Labels) -> None:
        shapes = [part.shape for part in parts]
        if not parts or any(len(shape) != 2 or shape[0] != len(labels) for shape in shapes):
            raise InputError(f"vectors must be matrices of {len(labels)} rows like the labels, not {shapes}")
        if not all(np.isfinite(part).all() for part in parts):
            raise InputError("vectors must be finite")
        if len(labels) < self.folds:
            raise InputError(f"{self.folds} folds need at least as many images, not {len(labels)}")
        if not ((labels > 0).any(axis=0) & (labels < 0).any(axis=0)).any():
            raise InputError("labels: there is no class with images of it and images without it")


def _scale(centred: Floats, parts: int) -> np.float32:
    """Return the factor that gives centred vectors their share of a mean squared length of 1; 1 if all are 0."""
    variance = float(np.einsum("nd,nd->", centred, centred, dtype=np.float64)) / len(centred)
    return np.float32((variance * parts) ** -0.5 if variance else 1)


def _compact(vectors: Floats) -> Floats:
    """Return rows with the same products as the vectors, and no longer than there are vectors.

    All that an SVM needs are products, and a pyramid has ten times as many values as there are images.
    """
    if vectors.shape[1] <= len(vectors):
        return vectors
    products = (vectors @ vectors.T).astype(np.float64)
    products[np.diag_indices_from(products)] += _DIAGONAL
    return np.ascontiguousarray(np.linalg.cholesky(products), np.float32)
