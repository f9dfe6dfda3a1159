"""Segmentation against a plain reading of the paper, one k at a time, and on images whose regions are plain to see."""

from collections.abc import Callable, Iterator, Sequence
from itertools import product

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sppnet.proposals import segmentation
from sppnet.proposals.colours import Floats, Planes
from sppnet.proposals.segmentation import Contacts, Graph, contacts, pixel_graph, segmentations, superpixel_graph
from sppnet.proposals.superpixels import Levels, Nodes, Uints, edge_levels, pixels, superpixels
from tests.proposals.images import of_any_small_image, planes_of_few_levels


def random_nodes(shape: tuple[int, int], seed: int) -> Nodes:
    planes = planes_of_few_levels(shape, seed)
    return superpixels(planes, edge_levels(planes))


def graph_of_pixels(planes: Planes) -> Graph:
    return pixel_graph(planes.astype(np.float32) / np.float32(32))


def graph_of_small_nodes(planes: Planes) -> Graph:
    """Return a graph whose nodes are pairs of pixels, at most, for superpixels would leave too few of them."""
    _, height, width = planes.shape
    labels = np.arange(height * width, dtype=np.uint32).reshape(height, width) // np.uint32(2)
    sizes = np.bincount(labels.ravel()).astype(np.uint32)
    nodes = Nodes(labels, sizes, np.zeros((len(sizes), 4), np.int32))
    return superpixel_graph(nodes, contacts(nodes), edge_levels(planes))


def random_graph(seed: int, *, nodes: int = 30, edges: int = 90) -> Graph:
    """Return any connected graph, with nodes of all sizes and few different weights."""
    rng = np.random.default_rng(seed)
    spanning = np.stack([rng.integers(0, np.arange(1, nodes)), np.arange(1, nodes)], axis=1)
    ends = np.sort(rng.integers(0, nodes, (edges, 2)), axis=1)
    pairs = np.concatenate([spanning, ends[ends[:, 0] != ends[:, 1]]]).astype(np.uint32)
    weights = np.sort(rng.integers(0, 40, len(pairs)).astype(np.float32) / np.float32(8))
    internals = rng.integers(0, 8, nodes).astype(np.float32) / np.float32(8)
    return Graph(rng.integers(1, 30, nodes).astype(np.uint32), internals, rng.permutation(pairs), weights)


def two_halves() -> Planes:
    planes = np.zeros((3, 8, 10), np.int16)
    planes[:, :, 4:] = 100 * 32
    return planes


def crossing_lines(side: int) -> Planes:
    """Return diagonal lines that cross at the corners of pixels: every fourth of both directions."""
    y, x = np.mgrid[:side, :side]
    planes = np.zeros((3, side, side), np.int16)
    planes[:, (x - y) % 4 == 0] = 100 * 32
    planes[:, (x + y) % 4 == 1] = 200 * 32
    return planes


GRAPHS = [graph_of_pixels, graph_of_small_nodes]


@of_any_small_image
def test_contacts_are_the_pairs_of_nodes_that_share_a_side(shape: tuple[int, int], seed: int) -> None:
    nodes = random_nodes(shape, seed)

    pairs = contacts(nodes).pairs

    assert set(map(tuple, pairs.tolist())) == {pair for _, pair in plain_sides(nodes.labels)}
    assert len(np.unique(pairs, axis=0)) == len(pairs)


@of_any_small_image
def test_contacts_know_each_side_and_its_pair(shape: tuple[int, int], seed: int) -> None:
    nodes = random_nodes(shape, seed)

    assert sorted(sides_of(contacts(nodes))) == sorted(plain_sides(nodes.labels))


def test_a_pair_may_come_twice_when_another_has_taken_its_place() -> None:
    nodes = Nodes(np.array([[0, 1, 0, 4097, 0, 1]], np.uint32), np.ones(4098, np.uint32), np.zeros((4098, 4), np.int32))

    pairs, sides, owners = contacts(nodes)

    assert pairs.tolist() == [[0, 1], [0, 4097], [0, 1]]
    assert sides.tolist() == [0, 1, 2, 3, 4]
    assert owners.tolist() == [0, 0, 1, 1, 2]


def test_pixels_touch_on_the_right_and_below() -> None:
    touching = contacts(pixels(2, 3))

    assert touching.pairs.tolist() == [[0, 1], [1, 2], [0, 3], [1, 4], [2, 5], [3, 4], [4, 5]]
    assert touching.sides.tolist() == [0, 1, 6, 7, 8, 3, 4]


def test_an_image_of_one_pixel_has_no_contacts() -> None:
    assert [array.size for array in contacts(pixels(1, 1))] == [0, 0, 0]


@of_any_small_image
def test_superpixels_are_as_far_apart_as_their_lightest_side(shape: tuple[int, int], seed: int) -> None:
    nodes, levels = random_nodes(shape, seed), edge_levels(planes_of_few_levels(shape, seed + 50))

    graph = superpixel_graph(nodes, contacts(nodes), levels)

    edges = zip(map(tuple, graph.edges.tolist()), (graph.weights * 32).tolist(), strict=True)
    assert dict(edges) == plain_lightest_sides(nodes.labels, levels)
    assert (np.diff(graph.weights) >= 0).all()
    np.testing.assert_array_equal(graph.sizes, nodes.sizes)
    assert not graph.internals.any()


def test_equally_light_edges_of_superpixels_stay_in_order() -> None:
    random = np.random.default_rng(0)
    pairs = random.integers(0, 99, (50, 2)).astype(np.uint32)
    levels = random.choice([0, 1, 5, 14_133, 65_535], 50).astype(np.uint16)

    edges, weights = segmentation._sort_by_counting(pairs, levels)

    order = sorted(range(50), key=lambda pair: levels[pair])
    np.testing.assert_array_equal(edges, pairs[order])
    np.testing.assert_array_equal(weights, levels[order] / 32)


@of_any_small_image
def test_the_pixel_graph_has_every_edge_of_the_grid(shape: tuple[int, int], seed: int) -> None:
    planes = planes_of_few_levels(shape, seed, levels=12).astype(np.float32) * np.float32(0.33)

    graph = pixel_graph(planes)

    edges, weights = plain_pixel_edges(planes)
    order = sorted(range(len(edges)), key=weights.__getitem__)
    assert graph.edges.tolist() == [edges[edge] for edge in order]
    assert graph.weights.tolist() == [weights[edge] for edge in order]
    assert graph.sizes.tolist() == [1] * planes[0].size
    assert graph.internals.tolist() == [0] * planes[0].size


@pytest.mark.parametrize("graph_of", GRAPHS)
def test_regions_of_an_image_are_those_of_the_paper_for_every_k(graph_of: Callable[[Planes], Graph]) -> None:
    graph, ks = graph_of(planes_of_few_levels((12, 17), 0, levels=12)), [60, 7.5, 300, 20, 60]

    assert found(graph, ks, 3) == plain_segmentations(graph, ks, 3)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    seed=st.integers(0, 10**6),
    ks=st.lists(st.floats(0.125, 200), min_size=1, max_size=4),
    min_size=st.integers(0, 40),
)
def test_regions_of_any_graph_are_those_of_the_paper_for_every_k(seed: int, ks: list[float], min_size: int) -> None:
    graph = random_graph(seed)

    assert found(graph, ks, min_size) == plain_segmentations(graph, ks, min_size)


def test_joins_in_common_leave_what_every_k_joins_as_one_node() -> None:
    nodes, sizes, internals, edges, _ = segmentation._join_in_common(*graph_of_pixels(two_halves()), np.float32(300))

    np.testing.assert_array_equal(nodes.reshape(8, 10), two_halves()[0] > 0)
    assert sizes.tolist() == [32, 48]
    assert internals.tolist() == [0, 0]
    assert np.sort(edges, axis=1).tolist() == [[0, 1]] * (8 + 2 * 7)


def test_a_region_that_may_not_join_grows_no_more_in_common() -> None:
    edges, weights = np.array([[0, 1], [1, 2], [2, 3]], np.uint32), np.array([5, 5, 6], np.float32)
    graph = Graph(np.array([1, 3, 1, 1], np.uint32), np.zeros(4, np.float32), edges, weights)

    nodes, *_ = segmentation._join_in_common(*graph, np.float32(12))

    assert nodes.tolist() == [0, 1, 2, 3]  # 5 is above 12 / 3, and 2 has tried to join 1
    assert found(graph, [12, 16], 1) == plain_segmentations(graph, [12, 16], 1)


def test_a_smallest_size_of_nothing_means_k() -> None:
    graph = graph_of_pixels(planes_of_few_levels((12, 17), 0))

    assert found(graph, [20.9], 0) == found(graph, [20.9], 20) != found(graph, [20.9], 1)


@pytest.mark.parametrize("graph_of", GRAPHS)
def test_a_strong_edge_separates_regions(graph_of: Callable[[Planes], Graph]) -> None:
    (regions, pairs), *_ = found(graph_of(two_halves()), [300], 1)

    assert set(regions) == {0, 1}
    assert pairs == [(0, 1)]


@pytest.mark.parametrize("graph_of", GRAPHS)
def test_a_region_below_the_smallest_size_joins_its_neighbour(graph_of: Callable[[Planes], Graph]) -> None:
    (regions, pairs), *_ = found(graph_of(two_halves()), [300], 33)

    assert set(regions) == {0}
    assert pairs == []


@pytest.mark.parametrize("graph_of", GRAPHS)
def test_a_large_k_joins_all(graph_of: Callable[[Planes], Graph]) -> None:
    assert [set(regions) for regions, _ in found(graph_of(two_halves()), [300, 10_000], 1)] == [{0, 1}, {0}]


def test_the_graph_stays_as_it_is() -> None:
    graph = random_graph(0)

    found(graph, [1, 50], 5)

    assert [array.tolist() for array in graph] == [array.tolist() for array in random_graph(0)]


def test_pairs_of_regions_are_distinct() -> None:
    rng = np.random.default_rng(0)
    regions, edges = rng.integers(0, 9, 40).astype(np.uint32), rng.integers(0, 40, (100, 2)).astype(np.uint32)

    pairs = segmentation._distinct_pairs(regions, edges)

    assert sorted(map(tuple, pairs.tolist())) == plain_pairs(regions, edges)


def test_regions_without_edges_have_no_pairs() -> None:
    pairs = segmentation._distinct_pairs(np.zeros(1, np.uint32), np.zeros((0, 2), np.uint32))

    assert pairs.shape == (0, 2)


def test_regions_that_cross_at_corners_may_have_any_number_of_neighbours() -> None:
    graph = graph_of_pixels(crossing_lines(120))

    (segments,) = segmentations(graph, [0.01], 1)

    pairs = sorted(map(tuple, segments.pairs.tolist()))
    assert pairs == plain_pairs(segments.regions, graph.edges)
    assert len(pairs) > 10 * segments.regions.max()


def found(graph: Graph, ks: Sequence[float], min_size: int) -> list[tuple[list[int], list[tuple[int, ...]]]]:
    """Return regions and sorted pairs of each segmentation."""
    every = segmentations(graph, ks, min_size)
    return [(regions.tolist(), sorted(map(tuple, pairs.tolist()))) for regions, pairs in every]


def plain_sides(labels: Uints) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield the place of each side between two nodes among all levels, and the two nodes."""
    height, width = labels.shape
    for side, y, x in product(range(2), range(height), range(width)):
        v, u = y + side, x + 1 - side
        if v < height and u < width and labels[y, x] != labels[v, u]:
            yield (side * height + y) * width + x, tuple(sorted((int(labels[y, x]), int(labels[v, u]))))


def sides_of(touching: Contacts) -> list[tuple[int, tuple[int, ...]]]:
    pairs = map(tuple, touching.pairs[touching.owners].tolist())
    return list(zip(touching.sides.tolist(), pairs, strict=True))


def plain_lightest_sides(labels: Uints, levels: Levels) -> dict[tuple[int, ...], int]:
    lightest: dict[tuple[int, ...], int] = {}
    for place, pair in plain_sides(labels):
        lightest[pair] = min(lightest.get(pair, 1 << 16), int(levels.ravel()[place]))
    return lightest


def plain_pixel_edges(planes: Floats) -> tuple[list[list[int]], list[float]]:
    """Return the edges of all pixels in reading order, to those of their eight neighbours that follow."""
    _, height, width = planes.shape
    edges, weights = [], []
    for y, x, (down, across) in product(range(height), range(width), ((0, 1), (1, -1), (1, 0), (1, 1))):
        v, u = y + down, x + across
        if v < height and 0 <= u < width:
            red, green, blue = planes[:, v, u] - planes[:, y, x]
            edges.append([y * width + x, v * width + u])
            weights.append(float(np.sqrt(red * red + green * green + blue * blue)))
    return edges, weights


def plain_segmentations(
    graph: Graph, ks: Sequence[float], min_size: int
) -> list[tuple[list[int], list[tuple[int, ...]]]]:
    every = [plain_segment(graph, np.float32(k), min_size or int(k)) for k in ks]
    return [(regions.tolist(), plain_pairs(regions, graph.edges)) for regions in every]


def plain_segment(graph: Graph, k: np.float32, min_size: int) -> npt.NDArray[np.int64]:
    regions = [[node] for node in range(len(graph.sizes))]
    sizes, internals = list(map(int, graph.sizes)), list(graph.internals)

    def join(first: int, second: int, internal: np.float32) -> None:
        joined, size = regions[first] + regions[second], sizes[first] + sizes[second]
        for member in joined:
            regions[member], sizes[member], internals[member] = joined, size, internal

    edges = list(zip(graph.edges.tolist(), graph.weights, strict=True))
    for (first, second), weight in edges:
        tolerances = [internals[node] + k / np.float32(sizes[node]) for node in (first, second)]
        if regions[first] is not regions[second] and weight <= min(tolerances):
            join(first, second, weight)
    for (first, second), weight in edges:
        if regions[first] is not regions[second] and min(sizes[first], sizes[second]) < min_size:
            join(first, second, weight)
    firsts = sorted({min(region) for region in regions})
    return np.array([firsts.index(min(region)) for region in regions])


def plain_pairs(regions: npt.NDArray[np.generic], edges: Uints) -> list[tuple[int, ...]]:
    pairs = {tuple(sorted(pair)) for pair in np.asarray(regions)[edges].tolist()}
    return sorted(pair for pair in pairs if pair[0] != pair[1])
