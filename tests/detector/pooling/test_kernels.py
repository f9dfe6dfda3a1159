"""The pyramid of a map and of many windows: equal to torch's adaptive pooling, bit by bit."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch.nn.functional import adaptive_max_pool2d, max_pool2d

from sppnet.detector.errors import InputError
from sppnet.detector.pooling.kernels import borrowed_bands, distinct_cells, pool_rectangles
from sppnet.detector.pooling.pyramid_layer import PyramidPooling

from .pooled import pooled

NONE = np.zeros((0, 4), np.int32)


@pytest.fixture(autouse=True, scope="module")
def _one_thread_of_torch() -> Iterator[None]:
    """Keep torch from sharing out each bin: on busy cores that takes a thousand times as long as to pool it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def random_map(height: int, width: int, channels: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """Return a map whose features are all negative, so that a maximum started at 0 shows."""
    return -np.random.default_rng(seed).random((height, width, channels), np.float32) - 1


def random_cells(height: int, width: int, count: int, seed: int = 0) -> npt.NDArray[np.int32]:
    rng = np.random.default_rng(seed)
    x = np.sort(rng.integers(0, width, (count, 2)))
    y = np.sort(rng.integers(0, height, (count, 2)))
    return np.stack([x[:, 0], y[:, 0], x[:, 1] + 1, y[:, 1] + 1], axis=1).astype(np.int32)


def plain_pooling(map: torch.Tensor, cells: npt.NDArray[np.int32], levels: Sequence[int]) -> torch.Tensor:
    """Return the vector of every window of a map (1, C, H, W), one torch call per window and level."""
    parts = [map[:, :, y1:y2, x1:x2] for x1, y1, x2, y2 in cells.tolist()]
    rows = [[adaptive_max_pool2d(part, level)[0].flatten(1).T.flatten() for level in levels] for part in parts]
    return torch.stack([torch.cat(row) for row in rows])


def torch_pooling(
    map: npt.NDArray[np.float32], cells: npt.NDArray[np.int32], levels: Sequence[int]
) -> npt.NDArray[np.float32]:
    return plain_pooling(torch.from_numpy(map).permute(2, 0, 1)[None], cells, levels).numpy()


@settings(deadline=None, derandomize=True, max_examples=30)
@given(
    size=st.tuples(st.integers(1, 20), st.integers(1, 40)),
    channels=st.sampled_from([1, 5, 33]),
    levels=st.lists(st.integers(1, 12), min_size=1, max_size=3),
    seed=st.integers(0, 99),
)
@example(size=(17, 23), channels=5, levels=[12, 2, 6, 6, 3, 1], seed=0)
def test_windows_are_pooled_as_torch_pools_them(
    size: tuple[int, int], channels: int, levels: list[int], seed: int
) -> None:
    map, cells = random_map(*size, channels, seed), random_cells(*size, 20, seed)

    np.testing.assert_array_equal(pooled(map, cells, levels), torch_pooling(map, cells, levels))


def test_a_window_of_one_cell_repeats_it_in_every_bin() -> None:
    map = random_map(4, 4, 2)

    vectors = pooled(map, np.array([[1, 2, 2, 3]], np.int32))

    np.testing.assert_array_equal(vectors.reshape(50, 2), np.tile(map[2, 1], (50, 1)))


def test_a_vector_holds_levels_then_bins_row_by_row_then_channels() -> None:
    map = np.arange(8, dtype=np.float32).reshape(2, 2, 2)

    vectors = pooled(map, np.array([[0, 0, 2, 2]], np.int32), (2, 1))

    np.testing.assert_array_equal(vectors, [[0, 1, 2, 3, 4, 5, 6, 7, 6, 7]])


@pytest.mark.parametrize("size", [(1, 1), (13, 10), (37, 4)])
def test_the_layer_and_the_kernel_give_the_same_vector(size: tuple[int, int]) -> None:
    map = random_map(*size, 8)

    vectors = pooled(map, np.array([[0, 0, *size[::-1]]], np.int32))

    layer = PyramidPooling()(torch.from_numpy(map).permute(2, 0, 1)[None])
    np.testing.assert_array_equal(vectors, layer)


def test_the_layer_sends_the_gradient_to_the_maxima() -> None:
    maps = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]], requires_grad=True)

    PyramidPooling((1, 2))(maps).sum().backward()

    assert maps.grad is not None
    assert maps.grad.tolist() == [[[[1, 1], [1, 2]]]]


@pytest.mark.parametrize(
    ("level", "bins"),
    [
        (2, [(0, 7), (6, 13)]),
        (3, [(0, 5), (4, 9), (8, 13)]),
        (6, [(0, 3), (2, 5), (4, 7), (6, 9), (8, 11), (10, 13)]),
    ],
)
def test_the_bins_of_13_cells_are_the_papers(level: int, bins: list[tuple[int, int]]) -> None:
    cells_as_channels = np.eye(13, dtype=np.float32)[None]

    vectors = pooled(cells_as_channels, np.array([[0, 0, 13, 1]], np.int32), (level,))

    covered = [np.flatnonzero(row) for row in vectors.reshape(level, level, 13)[0]]
    assert [(row[0], row[-1] + 1) for row in covered] == bins


@pytest.mark.parametrize("level", [2, 3, 6])
def test_the_pyramid_of_13_by_13_cells_is_that_of_the_papers_sliding_windows(level: int) -> None:
    maps = torch.randn((2, 5, 13, 13), generator=torch.Generator().manual_seed(level))

    slid = max_pool2d(maps, -(-13 // level), stride=13 // level)

    assert torch.equal(PyramidPooling((level,))(maps), slid.flatten(2).transpose(1, 2).flatten(1))


@pytest.mark.parametrize(("side", "level"), [(5, 3), (7, 4), (8, 6), (29, 6)])
def test_sides_at_which_sliding_windows_are_too_many_or_too_few_have_their_bins(side: int, level: int) -> None:
    maps = torch.randn((1, 5, side, side), generator=torch.Generator().manual_seed(side))

    slid = max_pool2d(maps, -(-side // level), stride=side // level)

    assert slid.shape[2] != level
    assert torch.equal(
        PyramidPooling((level,))(maps)[0].reshape(level, level, 5), adaptive_max_pool2d(maps, level)[0].permute(1, 2, 0)
    )


def test_equal_rectangles_are_one() -> None:
    distinct, index = distinct_cells(np.array([[2, 0, 3, 3], [0, 0, 3, 3], [2, 0, 3, 3]], np.int32))

    assert distinct.tolist() == [[0, 0, 3, 3], [2, 0, 3, 3]]
    assert index.tolist() == [1, 0, 1]


def test_distinct_rectangles_and_their_places_give_all_back() -> None:
    cells = random_cells(4, 5, 500)

    distinct, index = distinct_cells(cells)

    np.testing.assert_array_equal(distinct[index], cells)
    assert len(distinct) == len(np.unique(cells, axis=0))


def test_distinct_rectangles_come_back_in_their_order() -> None:
    distinct, _ = distinct_cells(random_cells(9, 9, 200))

    again, index = distinct_cells(distinct)

    np.testing.assert_array_equal(again, distinct)
    np.testing.assert_array_equal(index, np.arange(len(distinct)))


def test_no_cells_have_no_place() -> None:
    distinct, index = distinct_cells(NONE)

    assert (distinct.shape, index.shape) == ((0, 4), (0,))
    assert index.dtype == np.int64


@pytest.mark.parametrize("cells", [(0, 0, 0, 2), (-1, 0, 2, 2), (0, 0, 5, 2), (0, 0, 2, 4)])
def test_a_rectangle_that_is_empty_or_leaves_the_map_is_an_error(cells: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"cells 1: .* of 4 x 3"):
        pooled(random_map(3, 4, 1), np.array([[0, 0, 4, 3], cells], np.int32))


def test_cells_must_be_whole_numbers() -> None:
    with pytest.raises(InputError, match="whole numbers"):
        pooled(random_map(3, 4, 1), np.ones((1, 4), np.float32))


@pytest.mark.parametrize("map", [np.zeros((2, 2, 2)), np.zeros((2, 2), np.float32), random_map(2, 2, 2).transpose()])
def test_a_map_of_the_wrong_type_shape_or_layout_is_an_error(map: npt.NDArray[np.float32]) -> None:
    with pytest.raises(InputError, match="map"):
        pooled(map, NONE)


@pytest.mark.parametrize("levels", [(), (1, 0)])
def test_levels_must_be_positive(levels: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="levels"):
        PyramidPooling(levels)


def test_rectangles_are_pooled_row_by_row_from_a_column_on() -> None:
    map, cells = random_map(9, 8, 3), random_cells(9, 8, 20)
    out = np.full((25, 60), 7, np.float32)

    pool_rectangles(map, cells, out, levels=(1, 2, 3), column=10)

    np.testing.assert_array_equal(out[:20, 10:52], torch_pooling(map, cells, (1, 2, 3)))
    assert (out[20:] == 7).all() and (out[:, :10] == 7).all() and (out[:, 52:] == 7).all()


@pytest.mark.parametrize("shape", [(2, 15), (1, 16)])
def test_rectangles_need_room_behind_the_column(shape: tuple[int, int]) -> None:
    map, cells, out = random_map(4, 4, 3), random_cells(4, 4, 2), np.empty(shape, np.float32)

    with pytest.raises(InputError, match=r"out must be C-contiguous float32, at least \(2, 16\)"):
        pool_rectangles(map, cells, out, levels=(1, 2), column=1)


def test_no_rectangles_change_nothing() -> None:
    out = np.full((2, 15), 7, np.float32)

    pool_rectangles(random_map(4, 4, 3), NONE, out, levels=(1, 2))

    assert (out == 7).all()


def test_maxima_of_rows_that_are_known_in_part_are_completed() -> None:
    map = random_map(7, 30, 2)
    cells = np.array([[10, 1, 14, 5], [20, 1, 26, 5], [0, 1, 3, 5], [2, 1, 30, 6], [0, 1, 30, 5]], np.int32)
    out = np.empty((5, 28), np.float32)

    with borrowed_bands(map) as bands:
        for number in range(5):  # no order is taken for granted
            pool_rectangles(map, cells[number : number + 1], out[number : number + 1], levels=(1, 2, 3), bands=bands)

    np.testing.assert_array_equal(out, torch_pooling(map, cells, (1, 2, 3)))


def test_memory_of_bands_is_used_again_and_never_twice_at_once() -> None:
    with borrowed_bands(random_map(9, 9, 4)) as (large, _), borrowed_bands(random_map(3, 3, 4)) as (other, _):
        assert not np.shares_memory(large, other)

    with borrowed_bands(random_map(3, 3, 4)) as (first, _), borrowed_bands(random_map(3, 3, 4)) as (second, _):
        assert {np.shares_memory(first, large), np.shares_memory(second, large)} == {True, False}
