"""Inner products of many vectors with few weights: the margins of a block of windows.

Libraries cut a product along its long sides; with twenty classes there is none but the vectors' own length, and they
reach half of the rate that a tile of 4 vectors by 5 weights reaches whose sums stay in registers.
"""

import numba
import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..types import Floats

VECTORS, WEIGHTS = 4, 5  # of a tile
_RUN = 4096  # values of each vector at a time: those of a tile, and all weights, stay in the cache


def inner_products(vectors: Floats, weights: Floats) -> Floats:
    """Return `vectors @ weights.T`: float32 (N, K); a row is the same whatever the other rows are.

    Args:
        vectors: float32 (N, D), C-contiguous.
        weights: float32 (K, D), C-contiguous.

    Raises:
        InputError: If the arrays do not fit each other.
    """
    for name, array in (("vectors", vectors), ("weights", weights)):
        if array.dtype != np.float32 or array.ndim != 2 or not array.flags.c_contiguous:
            raise InputError(f"{name} must be C-contiguous float32 (N, D), not {array.dtype} {array.shape}")
    if vectors.shape[1] != weights.shape[1]:
        raise InputError(f"vectors of length {vectors.shape[1]} have no products with weights of {weights.shape[1]}")
    products = np.zeros((len(vectors), len(weights)), np.float32)
    if products.size:
        _multiply(vectors, weights, products)
    return products


@numba.njit(cache=True, nogil=True)
def _multiply(vectors: Floats, weights: Floats, products: Floats) -> None:
    """Add the products; tiles at the edges take the last row more than once and write it once."""
    length = vectors.shape[1]
    rows, columns = np.empty(VECTORS, np.uint64), np.empty(WEIGHTS, np.uint64)
    for start in range(0, length, _RUN):
        end = min(start + _RUN, length)
        for row in range(0, len(vectors), VECTORS):
            for i in range(VECTORS):
                rows[i] = min(row + i, len(vectors) - 1)
            for column in range(0, len(weights), WEIGHTS):
                for k in range(WEIGHTS):
                    columns[k] = min(column + k, len(weights) - 1)
                tile = _tile(vectors, weights, rows, columns, np.uint64(start), np.uint64(end))
                for i in range(min(VECTORS, len(vectors) - row)):
                    for k in range(min(WEIGHTS, len(weights) - column)):
                        products[row + i, column + k] += tile[i * WEIGHTS + k]


# Sums may be taken in any order: only then do they become vector instructions.
@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _tile(
    vectors: Floats,
    weights: Floats,
    rows: npt.NDArray[np.uint64],
    columns: npt.NDArray[np.uint64],
    start: np.uint64,
    end: np.uint64,
) -> tuple[np.float32, ...]:
    """Return the products of 4 vectors with 5 weights over a run of values."""
    length = np.uint64(vectors.shape[1])
    v, w = vectors.reshape(-1), weights.reshape(-1)
    v0, v1, v2, v3 = rows[0] * length, rows[1] * length, rows[2] * length, rows[3] * length
    w0, w1, w2 = columns[0] * length, columns[1] * length, columns[2] * length
    w3, w4 = columns[3] * length, columns[4] * length
    s00 = s01 = s02 = s03 = s04 = s10 = s11 = s12 = s13 = s14 = np.float32(0)
    s20 = s21 = s22 = s23 = s24 = s30 = s31 = s32 = s33 = s34 = np.float32(0)
    for i in range(start, end):
        a, b, c, d = v[v0 + i], v[v1 + i], v[v2 + i], v[v3 + i]
        e, f, g, h, k = w[w0 + i], w[w1 + i], w[w2 + i], w[w3 + i], w[w4 + i]
        s00, s01, s02, s03, s04 = s00 + a * e, s01 + a * f, s02 + a * g, s03 + a * h, s04 + a * k
        s10, s11, s12, s13, s14 = s10 + b * e, s11 + b * f, s12 + b * g, s13 + b * h, s14 + b * k
        s20, s21, s22, s23, s24 = s20 + c * e, s21 + c * f, s22 + c * g, s23 + c * h, s24 + c * k
        s30, s31, s32, s33, s34 = s30 + d * e, s31 + d * f, s32 + d * g, s33 + d * h, s34 + d * k
    return (
        *(s00, s01, s02, s03, s04, s10, s11, s12, s13, s14),
        *(s20, s21, s22, s23, s24, s30, s31, s32, s33, s34),
    )
