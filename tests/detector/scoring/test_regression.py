"""Ridge regression of offsets against scikit-learn and values computed by hand."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from sppnet.detector import InputError
from sppnet.detector.scoring.regression import fit_offsets, fit_ridge, whitening
from sppnet.detector.types import Floats


def _examples(rows: int, dimensions: int) -> tuple[Floats, Floats]:
    """Return features of norm 20 with a common mean, and offsets that depend on them and on each other."""
    random = np.random.default_rng(5)
    features = random.standard_normal((rows, dimensions)) + 0.5
    features *= 20 / np.linalg.norm(features, axis=1).mean()
    offsets = features @ random.standard_normal((dimensions, 4)) / 20 + 0.1 * random.standard_normal((rows, 4))
    return features.astype(np.float32), (offsets @ random.standard_normal((4, 4)) + [0.1, 0, -0.2, 1]).astype(
        np.float32
    )


@pytest.mark.parametrize(("rows", "dimensions"), [(40, 300), (300, 40), (50, 50)])
def test_ridge_is_that_of_scikit_learn_with_fewer_and_with_more_rows_than_dimensions(
    rows: int, dimensions: int
) -> None:
    features, targets = _examples(rows, dimensions)
    augmented = np.hstack([features.astype(np.float64), np.ones((rows, 1))])

    weights = fit_ridge(features, targets, penalty=10)

    expected = Ridge(alpha=10, fit_intercept=False, solver="cholesky").fit(augmented, targets).coef_.T
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights, expected, atol=2e-5)


def test_one_example_gives_the_ridge_computed_by_hand() -> None:
    weights = fit_ridge(np.array([[2]], np.float32), np.array([[6]], np.float32), penalty=1)

    np.testing.assert_allclose(weights, [[2], [1]])


def test_whitened_offsets_have_unit_covariance() -> None:
    _, offsets = _examples(500, 20)
    centred = offsets.astype(np.float64) - offsets.mean(axis=0)

    forward, backward = whitening(centred)

    np.testing.assert_allclose(np.cov((centred @ forward).T, bias=True), np.eye(4), atol=0.05)
    np.testing.assert_allclose(forward @ backward, np.eye(4), atol=1e-12)


def test_offsets_of_diagonal_covariance_are_whitened_as_computed_by_hand() -> None:
    forward, backward = whitening(np.array([[3.0, 0], [-3, 0], [0, 1], [0, -1]]))

    np.testing.assert_allclose(forward, np.diag([4.501**-0.5, 0.501**-0.5]))
    np.testing.assert_allclose(backward, np.diag([4.501**0.5, 0.501**0.5]))


def test_the_affine_map_does_what_its_steps_do() -> None:
    features, offsets = _examples(60, 200)
    mean = offsets.mean(axis=0, dtype=np.float64)
    forward, backward = whitening(offsets - mean)

    weights, biases = fit_offsets(features, offsets, penalty=100)

    ridge = fit_ridge(features, ((offsets - mean) @ forward).astype(np.float32), penalty=100)
    steps = np.hstack([features, np.ones((60, 1))]) @ ridge @ backward + mean
    assert weights.dtype == biases.dtype == np.float32
    assert (weights.shape, biases.shape) == ((200, 4), (4,))
    np.testing.assert_allclose(features @ weights + biases, steps, atol=1e-4)


def test_a_small_penalty_recovers_the_offsets() -> None:
    features, offsets = _examples(30, 100)

    weights, biases = fit_offsets(features, offsets, penalty=1e-3)

    np.testing.assert_allclose(features @ weights + biases, offsets, atol=1e-3)


def test_a_huge_penalty_leaves_the_mean_offset() -> None:
    features, offsets = _examples(30, 100)

    weights, biases = fit_offsets(features, offsets, penalty=1e9)

    np.testing.assert_allclose(features @ weights + biases, np.tile(offsets.mean(axis=0), (30, 1)), atol=1e-4)


def test_no_examples_move_nothing() -> None:
    weights, biases = fit_offsets(np.zeros((0, 7), np.float32), np.zeros((0, 4), np.float32))

    np.testing.assert_array_equal(weights, np.zeros((7, 4)))
    np.testing.assert_array_equal(biases, np.zeros(4))
    np.testing.assert_array_equal(
        fit_ridge(np.zeros((0, 7), np.float32), np.zeros((0, 4), np.float32)), np.zeros((8, 4))
    )


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"targets": np.zeros((3, 4), np.float32)}, r"\(2, 5\) and \(3, 4\)"),
        ({"penalty": 0}, "penalty: .* not 0"),
        ({"features": np.full((2, 5), np.nan, np.float32)}, "finite"),
        ({"targets": np.full((2, 4), np.inf, np.float32)}, "finite"),
    ],
)
def test_wrong_arguments_are_named(wrong: dict[str, object], message: str) -> None:
    right = {"features": np.ones((2, 5), np.float32), "targets": np.ones((2, 4), np.float32)}

    with pytest.raises(InputError, match=message):
        fit_ridge(**(right | wrong))  # type: ignore[arg-type]
    with pytest.raises(InputError, match=message):
        fit_offsets(**(right | wrong))  # type: ignore[arg-type]
