"""Tests of inner products of many vectors with few weights."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sppnet.detector.errors import InputError
from sppnet.detector.pooling.products import inner_products


@settings(deadline=None, derandomize=True, max_examples=40)
@given(count=st.integers(1, 20), classes=st.integers(1, 25), length=st.sampled_from([1, 7, 4096, 4097, 9000]))
def test_products_are_those_of_numpy_in_double_precision(count: int, classes: int, length: int) -> None:
    random = np.random.default_rng(length)
    vectors = random.standard_normal((count, length), dtype=np.float32)
    weights = random.standard_normal((classes, length), dtype=np.float32)

    found = inner_products(vectors, weights)

    assert found.dtype == np.float32
    np.testing.assert_allclose(found, vectors.astype(np.float64) @ weights.T.astype(np.float64), rtol=0, atol=1e-3)


def test_a_row_does_not_depend_on_the_others() -> None:
    random = np.random.default_rng(0)
    vectors = random.standard_normal((9, 5000), dtype=np.float32)
    weights = random.standard_normal((20, 5000), dtype=np.float32)

    np.testing.assert_array_equal(inner_products(vectors, weights)[6:7], inner_products(vectors[6:7], weights))


@pytest.mark.parametrize(("count", "classes", "length"), [(0, 3, 5), (3, 0, 5), (3, 2, 0)])
def test_nothing_gives_zeros_of_its_shape(count: int, classes: int, length: int) -> None:
    found = inner_products(np.zeros((count, length), np.float32), np.zeros((classes, length), np.float32))

    np.testing.assert_array_equal(found, np.zeros((count, classes), np.float32))


def test_a_vector_that_is_not_finite_spoils_its_own_row_only() -> None:
    vectors = np.ones((5, 3), np.float32)
    vectors[2] = np.nan

    found = inner_products(vectors, np.ones((2, 3), np.float32))

    np.testing.assert_array_equal(np.isnan(found).any(axis=1), [False, False, True, False, False])
    np.testing.assert_array_equal(found[[0, 1, 3, 4]], np.full((4, 2), 3, np.float32))


@pytest.mark.parametrize(
    ("vectors", "weights", "rule"),
    [
        (np.ones((2, 3), np.float64), np.ones((2, 3), np.float32), "vectors must be C-contiguous float32"),
        (np.ones((2, 3), np.float32), np.ones((3, 2), np.float32).T, "weights must be C-contiguous float32"),
        (np.ones((2, 3), np.float32), np.ones((2, 4), np.float32), "vectors of length 3"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(vectors: np.ndarray, weights: np.ndarray, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        inner_products(vectors, weights)
