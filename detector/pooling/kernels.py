"""Spatial pyramid pooling: from a map, or any rectangle of it, to a vector of fixed length (He et al. 2015, section 2).

Every level cuts the rectangle into n x n bins and takes the maximum of each; bin i of a length L is
[floor(i * L / n), ceil((i + 1) * L / n)), so bins may overlap and are never empty. Vectors hold the levels in the order
given, inside a level the bins row by row, inside a bin the channels.

A bin of level n is exactly the union of bins of level m where n divides m: of {1, 2, 3, 6} only 6 x 6 is pooled from
the map. A map holds no NaN: what a maximum with NaN gives is left open.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

import numba
import numpy as np
import numpy.typing as npt

from ..errors import InputError
from .pyramid import LEVELS, bins, checked_levels

_BANDS_PER_ROW = np.uint64(4)
Bands = tuple[npt.NDArray[np.float32], npt.NDArray[np.uint64]]
_spare: list[npt.NDArray[np.float32]] = []  # memory of bands that none uses at the moment


def distinct_cells(cells: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Return the distinct rectangles, sorted by rows first, and for every given one its place among them.

    About a quarter of an image's windows fall on the same cells as another one.

    Args:
        cells: int32 (N, 4), x1 y1 x2 y2, 0 to 65,535.

    Returns:
        int32 (U, 4) and int64 (N,); (0, 4) and (0,) for N = 0. Distinct rectangles so sorted come back as they are.
    """
    keys = cells[:, [1, 3, 0, 2]].astype(np.uint64) @ (np.uint64(1) << np.array([48, 32, 16, 0], np.uint64))
    _, first, index = np.unique(keys, return_index=True, return_inverse=True)
    return cells[first].astype(np.int32), index


def pool_rectangles(
    map: npt.NDArray[np.float32],
    rectangles: npt.NDArray[np.int32],
    out: npt.NDArray[np.float32],
    *,
    levels: Sequence[int] = LEVELS,
    column: int = 0,
    bands: Bands | None = None,
) -> None:
    """Pool rectangle after rectangle, distinct or not, into the rows of `out`, from a column on.

    The vectors are bit-equal to torch's adaptive max pooling of each rectangle. Those of all windows of an image take
    some 150 MB: pool blocks of `distinct_cells` into the same rows again to keep them in the cache.

    Args:
        map: float32 (H, W, C), C-contiguous, without NaN.
        rectangles: int32 (N, 4), x1 y1 x2 y2 in cells, half-open, not empty and inside the map; fastest when sorted by
            rows.
        out: float32 (at least N, at least column + bins * C), C-contiguous.
        levels: Bins per side of each level.
        column: Where in a row the vector begins.
        bands: What `borrowed_bands` lends for this very map, to one thread; those of earlier rectangles save time. By
            default they are borrowed for this call.

    Raises:
        InputError: If a rectangle is empty or leaves the map, or an array has the wrong type, shape or layout.
    """
    levels = checked_levels(levels)
    _check_map_and_cells(map, rectangles)
    _check_out(out, len(rectangles), column + bins(levels) * map.shape[2])
    with nullcontext(bands) if bands is not None else borrowed_bands(map) as own:
        _pool(map, rectangles, _plan(levels), out[: len(rectangles)], np.uint64(column), *own)


@contextmanager
def borrowed_bands(map: npt.NDArray[np.float32]) -> Iterator[Bands]:
    """Lend where `pool_rectangles` keeps the maxima of neighbouring rows of a map, once for all its rectangles.

    They are larger than the map, and used again for later ones: pages that the system hands out anew cost more time
    than what is written to them.
    """
    height, width, channels = map.shape
    slots = height * int(_BANDS_PER_ROW)
    size = slots * width * channels
    try:
        memory = _spare.pop()  # in one step, so that threads do not get the same
    except IndexError:
        memory = np.empty(0, np.float32)
    if len(memory) < size:
        memory = np.empty(size, np.float32)
    try:
        yield memory[:size], np.zeros((slots, 3), np.uint64)
    finally:
        _spare.append(memory)


def _plan(levels: tuple[int, ...]) -> npt.NDArray[np.uint64]:
    """Return a row per level, finest first: bins per side, first bin, and both again of the level it derives from.

    The source is the coarsest finer level that it divides; zeros stand for the map.
    """
    starts = np.cumsum([0, *(level * level for level in levels)])[:-1]
    order = sorted(zip(levels, starts, strict=True), reverse=True)
    rows = []
    for side, start in order:
        finer = [level for level in order if level[0] > side and level[0] % side == 0]
        rows.append((side, start, *min(finer, default=(0, 0))))
    return np.array(rows, np.uint64)


def _check_map_and_cells(map: npt.NDArray[np.float32], cells: npt.NDArray[np.int32]) -> None:
    if map.dtype != np.float32 or map.ndim != 3 or not map.flags.c_contiguous or 0 in map.shape:
        raise InputError(f"the map must be C-contiguous float32 (H, W, C), not {map.dtype} {map.shape}")
    if cells.ndim != 2 or cells.shape[1] != 4 or cells.dtype.kind not in "iu":
        raise InputError(f"cells must be whole numbers of shape (N, 4), not {cells.dtype} {cells.shape}")
    height, width = map.shape[:2]
    inside = (cells[:, :2] >= 0) & (cells[:, :2] < cells[:, 2:]) & (cells[:, 2:] <= [width, height])
    if not inside.all():
        row = int(np.argmin(inside.all(axis=1)))
        raise InputError(f"cells {row}: {cells[row].tolist()} is empty or leaves the map of {width} x {height} cells")


def _check_out(out: npt.NDArray[np.float32], rows: int, columns: int) -> None:
    fits = out.ndim == 2 and out.shape[0] >= rows and out.shape[1] >= columns
    if out.dtype != np.float32 or not fits or not out.flags.c_contiguous:
        raise InputError(f"out must be C-contiguous float32, at least {(rows, columns)}, not {out.dtype} {out.shape}")


@numba.njit(cache=True, nogil=True)
def _pool(
    map: npt.NDArray[np.float32],
    cells: npt.NDArray[np.int32],
    plan: npt.NDArray[np.uint64],
    vectors: npt.NDArray[np.float32],
    column: np.uint64,
    bands: npt.NDArray[np.float32],
    spans: npt.NDArray[np.uint64],
) -> None:
    """Fill one vector per rectangle, from a column on.

    A band is the maximum of some neighbouring rows, cell by cell. Windows share bands, above all in sorted order, so
    the last few that begin at a row are kept, each with its span: how many rows, and from and to which cell it is
    known. Arrays are flat and indices unsigned: only then do the inner loops become vector instructions.
    """
    width, channels = np.uint64(map.shape[1]), np.uint64(map.shape[2])
    row = width * channels
    flat_map, flat_vectors = map.reshape(-1), vectors.reshape(-1)
    for window in range(len(cells)):
        start = np.uint64(window) * np.uint64(vectors.shape[1]) + column
        left, top = np.uint64(cells[window, 0]), np.uint64(cells[window, 1])
        right, bottom = np.uint64(cells[window, 2]), np.uint64(cells[window, 3])
        for side, first, fine_side, fine_first in plan:
            target = start + first * channels
            for y in range(side):
                if fine_side > 0:
                    source = start + (fine_first + y * (fine_side // side) * fine_side) * channels
                    _derive_row(flat_vectors, target, source, side, fine_side, channels)
                else:
                    y1, count = _bin(y, bottom - top, side)
                    slot = (top + y1) * _BANDS_PER_ROW + count % _BANDS_PER_ROW
                    known = spans[slot]
                    if known[0] != count:
                        known[0], known[1], known[2] = count, left, left
                    for first_cell, last_cell in ((left, known[1]), (known[2], right)):
                        if first_cell < last_cell:
                            place, size = first_cell * channels, (last_cell - first_cell) * channels
                            source = (top + y1) * row + place
                            _maximum(bands, slot * row + place, flat_map, source, row, count, size, False)
                    known[1], known[2] = min(known[1], left), max(known[2], right)
                    _pool_row(flat_vectors, target, bands, slot * row + left * channels, side, right - left, channels)
                target += side * channels


@numba.njit(cache=True, nogil=True)
def _pool_row(
    vectors: npt.NDArray[np.float32],
    target: np.uint64,
    bands: npt.NDArray[np.float32],
    source: np.uint64,
    side: np.uint64,
    width: np.uint64,
    channels: np.uint64,
) -> None:
    """Fill a row of bins from a band that begins at the window's left edge."""
    for x in range(side):
        x1, count = _bin(x, width, side)
        _maximum(vectors, target, bands, source + x1 * channels, channels, count, channels, False)
        target += channels


@numba.njit(cache=True, nogil=True)
def _derive_row(
    vectors: npt.NDArray[np.float32],
    target: np.uint64,
    source: np.uint64,
    side: np.uint64,
    fine_side: np.uint64,
    channels: np.uint64,
) -> None:
    """Fill a row of bins from the finer bins they consist of."""
    factor = fine_side // side
    for _ in range(side):
        for y in range(factor):
            row = source + y * fine_side * channels
            _maximum(vectors, target, vectors, row, channels, factor, channels, y > 0)
        target += channels
        source += factor * channels


@numba.njit(cache=True, nogil=True)
def _bin(i: int, length: np.uint64, side: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Return the first cell of a bin and how many it has."""
    first = i * length // side
    return first, ((i + np.uint64(1)) * length + side - np.uint64(1)) // side - first


@numba.njit(cache=True, nogil=True)
def _maximum(
    target: npt.NDArray[np.float32],
    to: np.uint64,
    source: npt.NDArray[np.float32],
    start: np.uint64,
    step: np.uint64,
    count: np.uint64,
    size: np.uint64,
    keep: bool,
) -> None:
    """Write the maximum of `count` runs of `size` values, `step` apart; `keep` has the target's own take part.

    Four runs are read per run written. `a if a > b else b` is one instruction, where `max` would mind NaN.
    """
    last = start + (count - np.uint64(1)) * step
    while start <= last:
        first, second = start, min(start + step, last)
        third = min(second + step, last)
        if keep:
            for i in range(size):
                a = source[first + i] if source[first + i] > source[second + i] else source[second + i]
                b = source[third + i] if source[third + i] > target[to + i] else target[to + i]
                target[to + i] = a if a > b else b
            start = third + step
        else:
            fourth = min(third + step, last)
            for i in range(size):
                a = source[first + i] if source[first + i] > source[second + i] else source[second + i]
                b = source[third + i] if source[third + i] > source[fourth + i] else source[fourth + i]
                target[to + i] = a if a > b else b
            start, keep = fourth + step, True
