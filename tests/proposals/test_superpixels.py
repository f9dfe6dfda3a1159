"""Superpixels against two plain rounds of Boruvka's algorithm, and each of their steps against loops over pixels."""

from collections.abc import Iterable, Iterator
from itertools import product

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sppnet.proposals import superpixels as module
from sppnet.proposals.colours import Planes
from sppnet.proposals.superpixels import NO_EDGE, Levels, Uints, average, edge_levels, find_borders, pixels, superpixels
from tests.proposals.images import few_examples, of_any_small_image, planes_of_few_levels

Pixel = tuple[int, int]


def random_labels(shape: tuple[int, int], seed: int, count: int = 7) -> Uints:
    """Return a map of up to so many labels, not connected, numbered without gaps."""
    labels = np.random.default_rng(seed).integers(0, count, shape)
    return np.unique(labels, return_inverse=True)[1].reshape(shape).astype(np.uint32)


def random_nearest(count: int, seed: int) -> Uints:
    """Return the nearest of each of some points on a line, of equally near ones the first."""
    places = np.random.default_rng(seed).integers(0, 3 * count, count)
    distances = np.abs(places[:, None] - places) + np.diag(np.full(count, 9 * count))
    return np.array(distances.argmin(axis=1), np.uint32)


@of_any_small_image
def test_levels_are_distances_of_colours_rounded_down(shape: tuple[int, int], seed: int) -> None:
    planes = planes_of_few_levels(shape, seed)

    np.testing.assert_array_equal(edge_levels(planes), plain_levels(planes))


def test_the_level_of_a_step_of_three_and_four_greys_is_that_of_five() -> None:
    planes = np.array([[[0, 3 * 32]], [[4 * 32, 0]], [[7, 7]]], np.int16)

    assert edge_levels(planes).tolist() == [[[5 * 32, NO_EDGE]], [[NO_EDGE, NO_EDGE]]]


def test_the_level_from_black_to_white_is_exact() -> None:
    planes = np.zeros((3, 2, 1), np.int16)
    planes[:, 1] = 255 * 32

    assert edge_levels(planes)[1, 0, 0] == 14_133  # 255 * 32 * sqrt(3) = 14133.55


def test_borders_are_where_two_rows_differ() -> None:
    here, there = random_labels((2, 40), 0, count=2)
    places = np.empty(40, np.uint32)

    count = find_borders(here, there, places)

    np.testing.assert_array_equal(places[:count], np.flatnonzero(here != there))


@few_examples
@given(shape=st.tuples(st.integers(1, 12), st.integers(2, 17)), seed=st.integers(0, 99))
def test_the_lightest_pixel_is_the_first_of_eight_neighbours(shape: tuple[int, int], seed: int) -> None:
    planes = planes_of_few_levels(shape, seed)

    np.testing.assert_array_equal(module._lightest_pixels(planes), plain_lightest_pixels(planes))


def test_the_farthest_colours_are_lightest_neighbours_where_there_are_no_others() -> None:
    planes = np.zeros((3, 1, 2), np.int16)
    planes[:, 0, 1] = 255 * 32

    assert module._lightest_pixels(planes).tolist() == [1, 0]


@of_any_small_image
def test_the_lightest_group_is_across_the_lightest_side(shape: tuple[int, int], seed: int) -> None:
    labels, levels = random_labels(shape, seed), edge_levels(planes_of_few_levels(shape, seed))

    np.testing.assert_array_equal(module._lightest_groups(labels, levels), plain_lightest_groups(labels, levels))


def test_the_only_group_is_its_own_lightest() -> None:
    levels = edge_levels(planes_of_few_levels((3, 4), 0))

    assert module._lightest_groups(np.zeros((3, 4), np.uint32), levels).tolist() == [0]


@few_examples
@given(seed=st.integers(0, 99), count=st.integers(2, 200))
def test_all_that_join_their_nearest_are_a_group(seed: int, count: int) -> None:
    nearest = random_nearest(count, seed)

    groups = module._join(nearest)

    assert as_sets(groups) == plain_groups(range(count), enumerate(nearest.tolist()))
    np.testing.assert_array_equal(np.unique(groups), np.arange(groups.max() + 1))


@pytest.mark.parametrize("length", [2, 1000])
def test_a_long_chain_is_one_group(length: int) -> None:
    forth = np.array([1, *range(length - 1)], np.uint32)
    back = (length - 1 - forth[::-1]).astype(np.uint32)

    assert not module._join(forth).any()
    assert not module._join(back).any()


def test_a_node_that_is_its_own_nearest_is_a_group() -> None:
    assert module._join(np.zeros(1, np.uint32)).tolist() == [0]


@of_any_small_image
def test_superpixels_are_two_rounds_of_boruvka(shape: tuple[int, int], seed: int) -> None:
    planes = planes_of_few_levels(shape, seed)

    labels = superpixels(planes, edge_levels(planes)).labels

    assert as_sets(labels.ravel()) == plain_superpixels(planes)


@of_any_small_image
def test_superpixels_are_numbered_in_reading_order(shape: tuple[int, int], seed: int) -> None:
    planes = planes_of_few_levels(shape, seed)

    labels = superpixels(planes, edge_levels(planes)).labels

    numbers, firsts = np.unique(labels, return_index=True)
    np.testing.assert_array_equal(numbers, np.arange(len(numbers)))
    assert (np.diff(firsts) > 0).all()


@of_any_small_image
def test_superpixels_have_their_size_and_box(shape: tuple[int, int], seed: int) -> None:
    planes = planes_of_few_levels(shape, seed)

    labels, sizes, boxes = superpixels(planes, edge_levels(planes))

    np.testing.assert_array_equal(sizes, np.bincount(labels.ravel()))
    np.testing.assert_array_equal(boxes, [plain_box(labels == number) for number in range(len(sizes))])


@pytest.mark.parametrize("shape", [(1, 70), (70, 1), (30, 40)])
def test_a_constant_image_is_one_superpixel(shape: tuple[int, int]) -> None:
    planes = np.full((3, *shape), 99, np.int16)

    labels, sizes, boxes = superpixels(planes, edge_levels(planes))

    assert not labels.any()
    assert sizes.tolist() == [shape[0] * shape[1]]
    assert boxes.tolist() == [[0, 0, shape[1], shape[0]]]


def test_a_superpixel_has_four_pixels_or_more() -> None:
    planes = np.random.default_rng(0).integers(0, 255 * 32, (3, 60, 80)).astype(np.int16)

    sizes = superpixels(planes, edge_levels(planes)).sizes

    assert sizes.min() >= 4
    assert sizes.mean() > 8


def test_every_pixel_is_a_node_of_its_own() -> None:
    labels, sizes, boxes = pixels(2, 3)

    assert labels.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert sizes.tolist() == [1] * 6
    assert boxes[4].tolist() == [1, 1, 2, 2]


@of_any_small_image
def test_the_mean_of_a_node_is_rounded_down(shape: tuple[int, int], seed: int) -> None:
    planes = planes_of_few_levels(shape, seed)
    nodes = superpixels(planes, edge_levels(planes))
    channels = np.random.default_rng(seed).integers(0, 256, (*shape, 4)).astype(np.uint8)

    means = average(nodes, channels)

    masks = [nodes.labels == number for number in range(len(nodes.sizes))]
    np.testing.assert_array_equal(means, [channels[mask].sum(axis=0) // mask.sum() for mask in masks])


def test_the_mean_of_a_pixel_is_its_value() -> None:
    channels = np.random.default_rng(0).integers(0, 256, (5, 6, 3)).astype(np.uint8)

    np.testing.assert_array_equal(average(pixels(5, 6), channels), channels.reshape(30, 3))


def test_the_mean_of_white_is_white() -> None:
    planes = np.zeros((3, 50, 60), np.int16)
    white = np.full((50, 60, 3), 255, np.uint8)

    assert average(superpixels(planes, edge_levels(planes)), white).tolist() == [[255, 255, 255]]


def every_pixel(shape: tuple[int, ...]) -> Iterator[Pixel]:
    return product(range(shape[0]), range(shape[1]))


def plain_levels(planes: Planes) -> Levels:
    _, height, width = planes.shape
    levels = np.full((2, height, width), NO_EDGE, np.uint16)
    for y, x in every_pixel((height, width)):
        for side, (v, u) in enumerate(((y, x + 1), (y + 1, x))):
            if v < height and u < width:
                steps = planes[:, v, u].astype(int) - planes[:, y, x]
                levels[side, y, x] = int(np.sqrt((steps**2).sum()))
    return levels


def plain_lightest_pixels(planes: Planes) -> list[int]:
    _, height, width = planes.shape
    nearest = []
    for y, x in every_pixel((height, width)):
        squares = {}
        for v, u in product(range(max(0, y - 1), min(height, y + 2)), range(max(0, x - 1), min(width, x + 2))):
            if (v, u) != (y, x):
                squares[v * width + u] = int(((planes[:, v, u].astype(int) - planes[:, y, x]) ** 2).sum())
        nearest.append(min(squares, key=lambda pixel: (squares[pixel], pixel)))
    return nearest


def plain_lightest_groups(labels: Uints, levels: Levels) -> list[int]:
    height, width = labels.shape
    sides: dict[int, list[tuple[int, int]]] = {number: [] for number in range(int(labels.max()) + 1)}
    for y, x in every_pixel((height, width)):
        for side, (v, u) in enumerate(((y, x + 1), (y + 1, x))):
            if v < height and u < width and labels[y, x] != labels[v, u]:
                sides[int(labels[y, x])].append((int(levels[side, y, x]), int(labels[v, u])))
                sides[int(labels[v, u])].append((int(levels[side, y, x]), int(labels[y, x])))
    return [min(found)[1] if found else number for number, found in sides.items()]


def plain_groups(members: Iterable[int], joined: Iterable[tuple[int, int]]) -> set[frozenset[int]]:
    groups = {member: {member} for member in members}
    for first, second in joined:
        both = groups[first] | groups[second]
        for member in both:
            groups[member] = both
    return set(map(frozenset, groups.values()))


def plain_superpixels(planes: Planes) -> set[frozenset[int]]:
    """Return the pixels of each superpixel: in each round everything joins its lightest neighbour.

    Of equally light neighbours of a group the one counts whose root comes first: that of the two pixels which are each
    other's lightest neighbours.
    """
    _, height, width = planes.shape
    if height * width == 1:
        return {frozenset([0])}
    nearest = plain_lightest_pixels(planes)
    groups = plain_groups(range(height * width), enumerate(nearest))

    def root(group: frozenset[int]) -> int:
        return min(pixel for pixel in group if nearest[nearest[pixel]] == pixel)

    labels = np.empty(height * width, np.uint32)
    for number, group in enumerate(sorted(groups, key=root)):
        labels[list(group)] = number
    lightest = plain_lightest_groups(labels.reshape(height, width), plain_levels(planes))
    joins = [(pixel, int(np.flatnonzero(labels == lightest[label])[0])) for pixel, label in enumerate(labels)]
    inside = [(pixel, int(np.flatnonzero(labels == label)[0])) for pixel, label in enumerate(labels)]
    return plain_groups(range(height * width), joins + inside)


def as_sets(labels: Uints) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)}


def plain_box(mask: npt.NDArray[np.bool_]) -> list[int]:
    ys, xs = np.nonzero(mask)
    return [int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1]
