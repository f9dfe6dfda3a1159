"""Tests of pooling from tables of maxima against the CPU's loops and torch's adaptive pooling."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch.nn.functional import adaptive_max_pool2d

from sppnet.detector.pooling.tables import MaximumTables
from tests.detector.pooling.pooled import pooled

MAPS = np.random.default_rng(0).normal(size=(3, 19, 25, 8)).astype(np.float32)


def rectangles(count: int, height: int, width: int) -> npt.NDArray[np.int32]:
    random = np.random.default_rng(1)
    x, y = (np.sort(random.integers(0, side, (count, 2)), axis=1) for side in (width, height))
    return np.stack([x[:, 0], y[:, 0], x[:, 1] + 1, y[:, 1] + 1], axis=1).astype(np.int32)


def pool(
    maps: npt.NDArray[np.float32],
    numbers: npt.NDArray[np.int32],
    cells: npt.NDArray[np.int32],
    levels: Sequence[int],
    **options: int,
) -> npt.NDArray[np.float32]:
    tables = MaximumTables(torch.from_numpy(maps), **options)
    found: npt.NDArray[np.float32] = tables.pool(torch.from_numpy(numbers), torch.from_numpy(cells), levels).numpy()
    return found


@pytest.mark.parametrize("table_bytes", [1 << 29, 100_000, 1], ids=["whole", "some channels", "one channel"])
@pytest.mark.parametrize("levels", [(1, 2, 3, 6), (7, 2), (4, 11)])
def test_rectangles_of_a_batch_are_pooled_as_the_cpu_pools_each(levels: tuple[int, ...], table_bytes: int) -> None:
    cells, numbers = rectangles(60, 19, 25), np.arange(60, dtype=np.int32) % 3

    found = pool(MAPS, numbers, cells, levels, coarsest=min(levels), table_bytes=table_bytes)

    expected = [pooled(MAPS[number], its[None], levels)[0] for number, its in zip(numbers, cells, strict=True)]
    np.testing.assert_array_equal(found, expected)


def test_a_rectangle_is_pooled_as_torch_pools_its_part_of_the_map() -> None:
    cells = np.array([[3, 2, 20, 15]], np.int32)

    found = pool(MAPS, np.array([1], np.int32), cells, (5,))

    part = torch.from_numpy(MAPS[1, 2:15, 3:20]).permute(2, 0, 1)
    np.testing.assert_array_equal(found[0], adaptive_max_pool2d(part, 5).permute(1, 2, 0).flatten())


def test_every_length_is_cut_as_the_cpu_cuts_it() -> None:
    maps = np.random.default_rng(0).normal(size=(1, 2, 130, 1)).astype(np.float32)
    cells = np.array([[0, 0, length, 2] for length in range(1, 131)], np.int32)

    found = pool(maps, np.zeros(130, np.int32), cells, (1, 7, 11))

    np.testing.assert_array_equal(found, pooled(maps[0], cells, (1, 7, 11)))


def test_a_map_of_one_cell_fills_all_bins() -> None:
    found = pool(np.full((1, 1, 1, 2), -3, np.float32), np.zeros(1, np.int32), np.array([[0, 0, 1, 1]], np.int32), (2,))

    np.testing.assert_array_equal(found, np.full((1, 8), -3))


def test_whole_maps_are_rectangles_of_all_cells() -> None:
    whole = np.array([[0, 0, 25, 19]] * 3, np.int32)

    found = MaximumTables(torch.from_numpy(MAPS)).pool_whole((1, 2))

    np.testing.assert_array_equal(found, pool(MAPS, np.arange(3, dtype=np.int32), whole, (1, 2)))


def test_no_rectangles_give_no_vectors() -> None:
    assert pool(MAPS, np.zeros(0, np.int32), np.zeros((0, 4), np.int32), (1, 2)).shape == (0, 5 * 8)
