"""Linear SVMs against a plain implementation, scikit-learn and values computed by hand."""

import tracemalloc
from collections.abc import Iterator
from typing import Literal

import numba
import numpy as np
import numpy.typing as npt
import pytest
from sklearn.svm import LinearSVC

from sppnet.detector import InputError
from sppnet.detector.scoring import svm
from sppnet.detector.scoring.svm import Doubles, Labels, fit_svms
from sppnet.detector.types import Floats


def _examples(rows: int = 400, dimensions: int = 60, classes: int = 3) -> tuple[Floats, Labels]:
    """Return features with a common mean, as pooled features have, of mean norm 20, and overlapping classes."""
    random = np.random.default_rng(7)
    features = random.standard_normal((rows, dimensions)) + 0.5
    features *= 20 / np.linalg.norm(features, axis=1).mean()
    scores = features @ random.standard_normal((dimensions, classes)) + 20 * random.standard_normal((rows, classes))
    labels = np.where(scores > np.quantile(scores, 0.8, axis=0), 1, -1)
    return features.astype(np.float32), labels.astype(np.int8)


def _reference(features: Floats, labels: npt.NDArray[np.int8], epochs: int) -> tuple[Doubles, Doubles]:
    """Return alphas and weights (bias last) of one class after some epochs of the algorithm, in float64."""
    rows = np.hstack([features.astype(np.float64), np.full((len(features), 1), 10.0)])
    bounds = np.where(labels > 0, 2e-3, 1e-3)
    alphas, weights, active = np.zeros(len(rows)), np.zeros(rows.shape[1]), np.ones(len(rows), bool)
    random, limit = np.random.default_rng(0), np.inf
    for _ in range(epochs):
        largest = 0.0
        for i in random.permutation(len(rows)):
            slope = labels[i] * rows[i] @ weights - 1
            inward = alphas[i] < bounds[i] if slope < 0 else alphas[i] > 0
            if active[i] and inward:
                largest = max(largest, abs(slope))
                new = np.clip(alphas[i] - slope / (rows[i] @ rows[i]), 0, bounds[i])
                weights += (new - alphas[i]) * labels[i] * rows[i]
                alphas[i] = new
            active[i] &= inward or abs(slope) <= limit
        limit = largest
    return alphas, weights


def test_the_kernel_does_what_the_plain_algorithm_does() -> None:
    features, labels = _examples(classes=1)

    svms = fit_svms(features, labels, tolerance=1e-12, max_epochs=6)

    alphas, weights = _reference(features, labels[:, 0], epochs=6)
    np.testing.assert_allclose(svms.alphas[:, 0], alphas, atol=1e-7)
    np.testing.assert_allclose(svms.weights[0], weights[:-1], atol=1e-5)
    np.testing.assert_allclose(svms.biases[0], 10 * weights[-1], atol=1e-5)


def test_two_opposite_samples_give_the_solution_computed_by_hand() -> None:
    features, labels = np.array([[1], [-1]], np.float32), np.array([[1], [-1]], np.int8)

    svms = fit_svms(features, labels, C=0.1, positive_weight=1)

    np.testing.assert_allclose(svms.alphas, [[0.1], [0.1]], rtol=1e-6)
    np.testing.assert_allclose(svms.weights, [[0.2]], rtol=1e-6)
    np.testing.assert_allclose(svms.biases, [0], atol=1e-6)
    np.testing.assert_allclose(svms.objectives, [0.5 * 0.2**2 + 2 * 0.1 * 0.8], rtol=1e-6)


def test_a_solved_problem_is_known_to_be_solved_in_the_next_epoch() -> None:
    # The first epoch takes both alphas to their bounds, where they belong and add nothing to the gap.
    features, labels = np.array([[1], [-1]], np.float32), np.array([[1], [-1]], np.int8)

    svms = fit_svms(features, labels, C=0.1, positive_weight=1, bias_scale=0.1)

    assert svms.epochs.tolist() == [2]


@pytest.mark.parametrize(("solver", "cost"), [("own", 1e-4), ("own", 1e-3), ("own", 1e-2), ("scikit-learn", 1e-3)])
def test_objectives_are_those_of_scikit_learn(solver: Literal["own", "scikit-learn"], cost: float) -> None:
    features, labels = _examples()
    sample_weights = np.random.default_rng(1).uniform(0.2, 3, len(features))

    svms = fit_svms(
        features, labels, C=cost, sample_weights=sample_weights, tolerance=1e-3, max_epochs=5000, solver=solver
    )

    best = [_oracle(features, labels[:, k], cost, sample_weights) for k in range(3)]
    np.testing.assert_allclose(svms.objectives, best, rtol=1e-3)


def _oracle(features: Floats, labels: npt.NDArray[np.int8], cost: float, sample_weights: Doubles) -> float:
    machine = LinearSVC(
        loss="hinge", C=cost, intercept_scaling=10, class_weight={1: 2}, tol=1e-6, max_iter=100_000, random_state=0
    )
    machine.fit(features.astype(np.float64), labels, sample_weight=sample_weights)
    hinges = np.maximum(0, 1 - labels * machine.decision_function(features))
    costs = cost * sample_weights * np.where(labels > 0, 2, 1)
    return float(0.5 * np.sum(machine.coef_**2) + 0.5 * (machine.intercept_[0] / 10) ** 2 + costs @ hinges)


def test_gaps_bound_the_distance_to_the_optimum() -> None:
    features, labels = _examples()

    rough, exact = (fit_svms(features, labels, tolerance=tolerance) for tolerance in (0.1, 1e-3))

    assert (exact.gaps <= 1e-3).all()
    assert (rough.objectives - exact.objectives <= rough.gaps * rough.objectives).all()


def test_max_epochs_stops_early_and_the_gaps_tell() -> None:
    svms = fit_svms(*_examples(), max_epochs=2)

    assert (svms.epochs == 2).all()
    assert (svms.gaps > 1e-3).all()


def test_weights_are_the_sum_over_the_samples() -> None:
    features, labels = _examples()

    svms = fit_svms(features, labels, max_epochs=1000)

    signed = (svms.alphas * labels).astype(np.float64)
    np.testing.assert_allclose(svms.weights, signed.T @ features, atol=1e-5)
    np.testing.assert_allclose(svms.biases, 100 * signed.sum(axis=0), atol=1e-4)


def test_a_sample_labelled_0_has_no_influence() -> None:
    features, labels = _examples()
    labels[::3, 1] = 0
    used = labels[:, 1] != 0

    svms = fit_svms(features, labels, C=1e-4, tolerance=1e-4)

    alone = fit_svms(features[used], labels[used, 1:2], C=1e-4, tolerance=1e-4)
    assert not svms.alphas[~used, 1].any()
    np.testing.assert_allclose(svms.objectives[1], alone.objectives[0], rtol=2e-4)


def test_a_warm_start_takes_fewer_epochs_to_the_same_objective() -> None:
    features, labels = _examples()
    earlier = fit_svms(features[:360], labels[:360]).alphas
    alphas = np.vstack([earlier, np.zeros((40, 3), np.float32)])

    warm, cold = fit_svms(features, labels, alphas=alphas), fit_svms(features, labels)

    assert warm.epochs.sum() < cold.epochs.sum()
    np.testing.assert_allclose(warm.objectives, cold.objectives, rtol=1e-3)


def test_alphas_of_another_cost_are_clipped_to_the_new_bounds() -> None:
    features, labels = _examples()
    alphas = np.full(labels.shape, 5, np.float32)

    svms = fit_svms(features, labels, alphas=alphas, max_epochs=1000)

    assert (svms.alphas <= np.where(labels > 0, np.float32(2e-3), np.float32(1e-3))).all()
    assert (svms.gaps <= 1e-3).all()
    assert (alphas == 5).all()


@pytest.fixture
def one_thread() -> Iterator[None]:
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    yield
    numba.set_num_threads(threads)


@pytest.mark.parametrize("room", [0, 1], ids=["at the bound", "below it"])
def test_the_result_does_not_depend_on_the_number_of_threads(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, room: int
) -> None:
    features, labels = _examples(classes=5)
    monkeypatch.setattr(svm, "ONE_THREAD_BELOW", features.size * 5 + room)
    several = fit_svms(features, labels)
    request.getfixturevalue("one_thread")
    monkeypatch.setattr(svm, "ONE_THREAD_BELOW", 0)

    one = fit_svms(features, labels)

    np.testing.assert_array_equal(several.weights, one.weights)
    np.testing.assert_array_equal(several.alphas, one.alphas)
    np.testing.assert_array_equal(several.objectives, one.objectives)


@pytest.mark.parametrize(("room", "threads"), [(0, 3), (1, 1)], ids=["at the bound", "below it"])
def test_a_small_problem_is_solved_on_one_thread(monkeypatch: pytest.MonkeyPatch, room: int, threads: int) -> None:
    features, labels = _examples()
    used: list[int] = []
    monkeypatch.setattr(svm, "ONE_THREAD_BELOW", features.size * 3 + room)
    monkeypatch.setattr(numba, "get_num_threads", lambda: 3)
    monkeypatch.setattr(svm, "_visit", lambda *arguments: used.append(arguments[8]))

    fit_svms(features, labels, max_epochs=1)

    assert used == [threads]


def test_the_seed_decides_the_result() -> None:
    first, again, other = (fit_svms(*_examples(), seed=seed) for seed in (3, 3, 4))

    np.testing.assert_array_equal(first.weights, again.weights)
    assert (first.weights != other.weights).any()


@pytest.mark.parametrize("solver", ["own", "scikit-learn"])
def test_a_class_of_one_sign_rejects_or_accepts_everything(solver: Literal["own", "scikit-learn"]) -> None:
    features, labels = _examples(classes=4)
    labels[:, 0], labels[:, 1], labels[:, 2] = -1, 1, 0

    svms = fit_svms(features, labels, solver=solver, max_epochs=1000)

    assert not svms.weights[:3].any()
    assert svms.weights[3].any()
    np.testing.assert_array_equal(svms.biases[:3], [-1, 1, -1])
    np.testing.assert_allclose(svms.objectives[:3], 0.5 / 10**2)


def test_a_fit_needs_little_memory_beside_the_features() -> None:
    features, labels = _examples(rows=3000, dimensions=1500)

    tracemalloc.start()
    fit_svms(features, labels, max_epochs=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < features.nbytes / 4


def test_a_feature_that_is_not_finite_is_named_by_its_row() -> None:
    features, labels = _examples()
    features[17, 3] = np.nan

    with pytest.raises(InputError, match="row 17 holds a value that is not finite"):
        fit_svms(features, labels)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"features": np.zeros((0, 4), np.float32), "labels": np.zeros((0, 1), np.int8)}, "features: .* at least one"),
        ({"features": np.zeros((2, 4))}, "features: .* float64"),
        ({"features": np.zeros((4, 2), np.float32).T}, "features: .* C-contiguous"),
        ({"labels": np.zeros((3, 1), np.int8)}, r"labels: .* \(2, classes\)"),
        ({"labels": np.full((2, 1), 2, np.int8)}, "labels: must be -1, 0 or"),
        ({"alphas": np.zeros((3, 1), np.float32)}, "alphas: must be float32"),
        ({"sample_weights": [1, -1]}, "sample_weights: .* not negative"),
        ({"C": 0}, "C: must be positive"),
        ({"tolerance": np.nan}, "tolerance: must be positive"),
        ({"max_epochs": 0}, "max_epochs: must be positive"),
        ({"solver": "other"}, "solver: .* 'other'"),
    ],
)
def test_wrong_arguments_are_named(wrong: dict[str, object], message: str) -> None:
    right = {"features": np.ones((2, 4), np.float32), "labels": np.array([[1], [-1]], np.int8)}

    with pytest.raises(InputError, match=message):
        fit_svms(**(right | wrong))  # type: ignore[arg-type]
