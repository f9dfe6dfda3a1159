"""Ridge regression of box offsets on features (Girshick et al. 2014, appendix C)."""

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..types import Floats

Doubles = npt.NDArray[np.float64]

_LEAST_VARIANCE = 0.001  # of R-CNN: keeps the whitening of offsets that hardly vary finite


def fit_offsets(features: Floats, targets: Floats, *, penalty: float = 1000.0) -> tuple[Floats, Floats]:
    """Return the affine map from features to offsets, learned on whitened offsets.

    The offsets are centred and whitened before the ridge regression, so that the penalty weighs the shifts and the
    changes of size alike. Undoing both is affine and part of the map returned: `features @ weights + biases`.

    Args:
        features: float32 (N, D), scaled as for the SVMs.
        targets: float32 (N, T), the offsets wanted (T = 4 for boxes).
        penalty: Weight of the squared coefficients; R-CNN's default, SPP-net's release has 4000.

    Returns:
        Weights float32 (D, T) and biases float32 (T,); zeros, which move nothing, for N = 0.

    Raises:
        InputError: If the shapes do not fit, the penalty is not positive or a value is not finite.
    """
    _check(features, targets, penalty)
    if not len(features):
        return np.zeros((features.shape[1], targets.shape[1]), np.float32), np.zeros(targets.shape[1], np.float32)
    mean = targets.mean(axis=0, dtype=np.float64)
    forward, backward = whitening(targets - mean)
    weights = fit_ridge(features, ((targets - mean) @ forward).astype(np.float32), penalty=penalty) @ backward
    return weights[:-1].astype(np.float32), (weights[-1] + mean).astype(np.float32)


def fit_ridge(features: Floats, targets: Floats, *, penalty: float = 1000.0) -> Floats:
    """Return the ridge regression of targets on features and a constant 1, which is penalised like the rest.

    Solved for one dual variable per row if rows are fewer than coefficients, else for the coefficients, in float64;
    the Gram matrix of the smaller side is a float32 product, so the features are not copied.

    Args:
        features: float32 (N, D).
        targets: float32 (N, T).
        penalty: Weight of the squared coefficients, positive.

    Returns:
        float32 (D + 1, T), the constant's coefficients last; zeros for N = 0.

    Raises:
        InputError: If the shapes do not fit, the penalty is not positive or a value is not finite.
    """
    _check(features, targets, penalty)
    rows, dimensions = features.shape
    if rows <= dimensions:
        gram = features @ features.T + np.float64(1)
        duals = _solve(gram, targets, penalty).astype(np.float32)
        return np.vstack([features.T @ duals, duals.sum(axis=0)])
    gram = np.empty((dimensions + 1, dimensions + 1))
    gram[:-1, :-1] = features.T @ features
    gram[-1, :-1] = gram[:-1, -1] = features.sum(axis=0, dtype=np.float64)
    gram[-1, -1] = rows
    return _solve(gram, np.vstack([features.T @ targets, targets.sum(axis=0)]), penalty).astype(np.float32)


def whitening(centred: Doubles) -> tuple[Doubles, Doubles]:
    """Return the symmetric matrices (T, T) that whiten centred offsets (N, T), and that undo it."""
    variances, directions = np.linalg.eigh(centred.T @ centred / len(centred))
    deviations = np.sqrt(variances + _LEAST_VARIANCE)
    return directions / deviations @ directions.T, directions * deviations @ directions.T


def _solve(gram: Doubles, right: npt.NDArray[np.floating], penalty: float) -> Doubles:
    gram[np.diag_indices_from(gram)] += penalty
    return np.asarray(np.linalg.solve(gram, right), np.float64)


def _check(features: Floats, targets: Floats, penalty: float) -> None:
    if features.ndim != 2 or targets.ndim != 2 or len(features) != len(targets):
        raise InputError(f"features and targets: need as many rows each, not {features.shape} and {targets.shape}")
    if not 0 < penalty < np.inf:
        raise InputError(f"penalty: must be positive and finite, not {penalty}")
    extremes = features.min(initial=0), features.max(initial=0)  # without an array of the features' shape
    if not (np.isfinite(extremes).all() and np.isfinite(targets).all()):
        raise InputError("features and targets: every value must be finite")
