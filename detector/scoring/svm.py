"""Linear SVMs of all classes over one feature matrix, by dual coordinate descent (Hsieh et al. 2008, liblinear).

A matrix of pooled features is gigabytes, so a solve costs what it reads from memory: all classes take their step on a
row while it is in the cache, a class skips the rows that no longer matter to it, and nothing is converted or copied.
Scoring fixed blocks of rows by matrix products instead took two to four times as many epochs.
"""

from dataclasses import dataclass
from typing import Literal

import numba
import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..types import Floats, Indices

Doubles = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]

ONE_THREAD_BELOW = 20_000_000  # rows x dimensions x classes: 2 ms an epoch, to which a busy second core adds 10 or more
_TINY = np.finfo(np.float64).tiny  # keeps 0 / 0 from the gap of a class that is not trained


@dataclass(frozen=True)
class SVMs:
    """The K fitted classes: the margins of features are `features @ weights.T + biases`.

    `weights` (K, D) and `biases` (K,) are float32. `alphas` float32 (N, K) are the dual variables, the warm start of
    the next fit (zeros from scikit-learn, which does not tell them). `objectives` float64 (K,) are the primal
    objectives, `gaps` float64 (K,) the most by which they exceed the optimum, relative (NaN from scikit-learn),
    `epochs` int64 (K,) the passes over the rows.
    """

    weights: Floats
    biases: Floats
    alphas: Floats
    objectives: Doubles
    gaps: Doubles
    epochs: Indices


def fit_svms(
    features: Floats,
    labels: Labels,
    *,
    C: float = 1e-3,
    positive_weight: float = 2.0,
    bias_scale: float = 10.0,
    sample_weights: npt.ArrayLike | None = None,
    alphas: Floats | None = None,
    tolerance: float = 1e-3,
    max_epochs: int = 200,
    seed: int = 0,
    solver: Literal["own", "scikit-learn"] = "own",
) -> SVMs:
    """Return one linear SVM per class.

    A class minimises `|w|^2 / 2 + (b / bias_scale)^2 / 2 + sum of C_i * max(0, 1 - y_i * margin_i)`, where C_i is
    C times the sample's weight, times positive_weight for a positive (liblinear's type 3, as R-CNN and SPP-net).
    A class without positives is not trained: weights 0, bias -1. One without negatives gets weights 0, bias +1.
    The result depends on the seed, not on the number of threads (that of numpy's matrix product); a small problem
    is solved on one, because waiting for others takes longer than the work.

    Args:
        features: float32 (N, D), C-contiguous, finite, N > 0; never copied by our own solver.
        labels: int8 (N, K), +1 positive, -1 negative, 0 not used by this class.
        C: Cost of a violated margin. The default is R-CNN's, for features of mean norm 20.
        bias_scale: Value of the constant feature that carries the bias; the larger, the freer the bias.
        sample_weights: float (N,), not negative; None weighs every sample 1.
        alphas: float32 (N, K) of an earlier fit, in line with the rows, 0 for a new row: a warm start.
        tolerance: Relative duality gap at which a class is finished (scikit-learn: its `tol`).
        max_epochs: Passes after which a class stops where it is; `gaps` tells how far it came.
        solver: "own", or "scikit-learn" for one LinearSVC per class.

    Raises:
        InputError: If an array has another shape or type, or a value is out of range or not finite.
    """
    _check_arrays(features, labels, alphas)
    _check_positive(
        C=C, positive_weight=positive_weight, bias_scale=bias_scale, tolerance=tolerance, max_epochs=max_epochs
    )
    bounds = _bounds(labels, C, positive_weight, sample_weights)
    lacks_positives, lacks_negatives = (~(bounds * labels * sign > 0).any(axis=0) for sign in (1, -1))
    untrained = lacks_positives | lacks_negatives
    bounds[:, untrained] = 0
    if solver == "own":
        svms = _Descent(features, labels, bounds, bias_scale, alphas, seed).run(tolerance, max_epochs)
    elif solver == "scikit-learn":
        svms = _fit_liblinear(features, labels, bounds, bias_scale, tolerance, max_epochs, seed)
    else:
        raise InputError(f'solver: must be "own" or "scikit-learn", not {solver!r}')
    svms.biases[untrained] = np.where(lacks_positives, -1, 1)[untrained]
    svms.objectives[untrained] = 0.5 / bias_scale**2
    return svms


class _Descent:
    """The state of one solve: dual variables, the weights they make, and the (row, class) pairs worth a visit."""

    def __init__(
        self, features: Floats, labels: Labels, bounds: Floats, bias_scale: float, alphas: Floats | None, seed: int
    ) -> None:
        self.features, self.labels, self.bounds, self.bias_scale = features, labels, bounds, bias_scale
        self.alphas = np.zeros_like(bounds) if alphas is None else np.clip(alphas, 0, bounds)
        signed: Floats = np.multiply(self.alphas, labels)
        self.weights: Floats = signed.T @ features
        self.biases = signed.sum(axis=0) * np.float32(bias_scale**2)
        self.curvatures = np.einsum("nd,nd->n", features, features) + np.float32(bias_scale**2)
        self.active = bounds > 0
        self.limits = np.full(labels.shape[1], np.inf, np.float32)
        self.random = np.random.default_rng(seed)

    def run(self, tolerance: float, max_epochs: int) -> SVMs:
        """Visit the rows until every class is within the tolerance of its optimum, or max_epochs times."""
        epochs = np.zeros(len(self.biases), np.int64)
        targets = np.full(len(self.biases), tolerance)
        unfinished = np.arange(len(self.biases))
        for _ in range(max_epochs):
            estimates = self._epoch(unfinished)
            epochs[unfinished] += 1
            unfinished = unfinished[estimates > targets[unfinished]]
            if not len(unfinished):
                objectives, gaps = self._measure()
                unfinished = np.flatnonzero(gaps > tolerance)
                if not len(unfinished):
                    break
                targets[unfinished] /= 2
                self.active[:] = self.bounds > 0
                self.limits[:] = np.inf
        else:
            objectives, gaps = self._measure()
        return SVMs(self.weights, self.biases, self.alphas, objectives, gaps, epochs)

    def _epoch(self, classes: Indices) -> Doubles:
        """Visit every active pair of these classes and return their relative duality gaps as met on the way.

        Pairs no longer active stand firmly at a bound, where they would add nothing to the gap.
        """
        gaps, violations = np.zeros(len(self.biases)), np.zeros_like(self.limits)
        threads = 1 if self.features.size * len(classes) < ONE_THREAD_BELOW else numba.get_num_threads()
        _visit(
            self.features, self.curvatures, self.labels, self.bounds, np.float32(self.bias_scale**2), self.limits,
            self.random.permutation(len(self.features)), classes, threads,
            self.alphas, self.weights, self.biases, self.active, gaps, violations,
        )  # fmt: skip
        self.limits[classes] = violations[classes]
        return np.asarray((gaps / np.maximum(gaps + self._duals(), _TINY))[classes])

    def _duals(self) -> Doubles:
        sums: Doubles = self.alphas.sum(axis=0, dtype=np.float64)
        return sums - _norms(self.weights, self.biases, self.bias_scale)

    def _measure(self) -> tuple[Doubles, Doubles]:
        """Return the primal objectives and the relative duality gaps of all classes."""
        losses = _losses(self.features, self.labels, self.bounds, self.weights, self.biases)
        objectives = _norms(self.weights, self.biases, self.bias_scale) + losses
        return objectives, (objectives - self._duals()) / np.maximum(objectives, _TINY)


@numba.njit(cache=True, parallel=True)
def _visit(
    features: Floats,
    curvatures: Floats,
    labels: Labels,
    bounds: Floats,
    bias_energy: np.float32,
    limits: Floats,
    order: Indices,
    classes: Indices,
    threads: int,
    alphas: Floats,
    weights: Floats,
    biases: Floats,
    active: npt.NDArray[np.bool_],
    gaps: Doubles,
    violations: Floats,
) -> None:
    """Visit the rows with every class, each thread with its own share of them; one alone wakes no others.

    Shares have steps, of 1 too, so that one version of the loop is compiled.
    """
    if threads == 1:
        _visit_share(
            features, curvatures, labels, bounds, bias_energy, limits, order, classes[::1],
            alphas, weights, biases, active, gaps, violations,
        )  # fmt: skip
    else:
        for thread in numba.prange(threads):
            _visit_share(
                features, curvatures, labels, bounds, bias_energy, limits, order, classes[thread::threads],
                alphas, weights, biases, active, gaps, violations,
            )  # fmt: skip


@numba.njit(cache=True)
def _visit_share(
    features: Floats,
    curvatures: Floats,
    labels: Labels,
    bounds: Floats,
    bias_energy: np.float32,
    limits: Floats,
    order: Indices,
    classes: Indices,
    alphas: Floats,
    weights: Floats,
    biases: Floats,
    active: npt.NDArray[np.bool_],
    gaps: Doubles,
    violations: Floats,
) -> None:
    """Solve the active pairs of the classes one by one in the order of the rows, changing the arrays after classes.

    All classes are taken to a row while it is in the cache. Every pair adds its part to the class's duality gap and
    raises violations to its projected gradient, both as it is found. It is left out from now on when it stands at a
    bound and its gradient pushes it against that bound harder than limits, the largest violation of the class in the
    epoch before (liblinear's shrinking).
    """
    for row in order:
        for k in classes:
            if not active[row, k]:
                continue
            label, bound, old = np.float32(labels[row, k]), bounds[row, k], alphas[row, k]
            slope = label * (_dot(features[row], weights[k]) + biases[k]) - np.float32(1)
            gaps[k] += bound * max(-slope, np.float32(0)) + old * slope
            if (old <= 0 and slope >= 0) or (old >= bound and slope <= 0):
                active[row, k] = abs(slope) <= limits[k]
                continue
            violations[k] = max(violations[k], abs(slope))
            alphas[row, k] = min(max(old - slope / curvatures[row], np.float32(0)), bound)
            change = label * (alphas[row, k] - old)
            _add(weights[k], change, features[row])
            biases[k] += change * bias_energy


@numba.njit(cache=True, fastmath=True)
def _dot(first: Floats, second: Floats) -> np.float32:
    total = np.float32(0)
    for index in range(len(first)):
        total += first[index] * second[index]
    return total


@numba.njit(cache=True)
def _add(weights: Floats, change: np.float32, feature: Floats) -> None:
    for index in range(len(weights)):  # five times faster than the expression with arrays, which makes a temporary
        weights[index] += change * feature[index]


def _fit_liblinear(
    features: Floats, labels: Labels, bounds: Floats, bias_scale: float, tolerance: float, max_epochs: int, seed: int
) -> SVMs:
    from sklearn.svm import LinearSVC  # takes a second to import, and our own solver does without

    classes = labels.shape[1]
    weights, biases = np.zeros((classes, features.shape[1]), np.float32), np.zeros(classes, np.float32)
    epochs = np.zeros(classes, np.int64)
    for k in np.flatnonzero(bounds.any(axis=0)):
        rows = slice(None) if (bounds[:, k] > 0).all() else np.flatnonzero(bounds[:, k])
        machine = LinearSVC(
            loss="hinge", C=1, intercept_scaling=bias_scale, tol=tolerance, max_iter=max_epochs, random_state=seed
        )
        machine.fit(features[rows], labels[rows, k], sample_weight=bounds[rows, k])
        weights[k], biases[k], epochs[k] = machine.coef_[0], machine.intercept_[0], machine.n_iter_
    objectives = _norms(weights, biases, bias_scale) + _losses(features, labels, bounds, weights, biases)
    return SVMs(weights, biases, np.zeros_like(bounds), objectives, np.full(classes, np.nan), epochs)


def _norms(weights: Floats, biases: Floats, bias_scale: float) -> Doubles:
    squares = np.square(weights, dtype=np.float64).sum(axis=1) + np.square(biases / bias_scale, dtype=np.float64)
    return np.asarray(squares / 2, np.float64)


def _losses(features: Floats, labels: Labels, bounds: Floats, weights: Floats, biases: Floats) -> Doubles:
    hinges = np.maximum(1 - labels * (features @ weights.T + biases), 0)
    return np.asarray((bounds * hinges).sum(axis=0, dtype=np.float64))


def _bounds(labels: Labels, C: float, positive_weight: float, sample_weights: npt.ArrayLike | None) -> Floats:
    """Return C_i of every sample and class, float32 (N, K): the upper bounds of the alphas."""
    bounds = np.float32(C) * np.array([0, positive_weight, 1], np.float32)[labels]  # label -1 takes the last
    if sample_weights is None:
        return bounds
    weights = np.asarray(sample_weights, np.float32)
    if weights.shape != labels.shape[:1] or not (np.isfinite(weights) & (weights >= 0)).all():
        raise InputError(f"sample_weights: must be {len(labels)} finite numbers that are not negative")
    return bounds * weights[:, None]


def _check_arrays(features: Floats, labels: Labels, alphas: Floats | None) -> None:
    if features.ndim != 2 or features.dtype != np.float32 or not features.flags.c_contiguous or not features.size:
        raise InputError(
            "features: must be a C-contiguous float32 matrix with at least one row and column, "
            f"not {features.dtype} {features.shape}"
        )
    if labels.ndim != 2 or labels.dtype != np.int8 or len(labels) != len(features) or not labels.size:
        raise InputError(f"labels: must be int8 ({len(features)}, classes), not {labels.dtype} {labels.shape}")
    if ((labels < -1) | (labels > 1)).any():
        raise InputError("labels: must be -1, 0 or +1")
    if alphas is not None and (alphas.shape != labels.shape or alphas.dtype != np.float32 or np.isnan(alphas).any()):
        raise InputError(f"alphas: must be float32 {labels.shape} without NaN, not {alphas.dtype} {alphas.shape}")
    finite = np.isfinite(np.einsum("nd,nd->n", features, features))
    if not finite.all():
        raise InputError(f"features: row {int(finite.argmin())} holds a value that is not finite, or too large")


def _check_positive(**numbers: float) -> None:
    for name, number in numbers.items():
        if not 0 < number < np.inf:
            raise InputError(f"{name}: must be positive and finite, not {number}")
