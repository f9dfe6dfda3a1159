"""Segmentation against a plain reading of the paper, and on images whose regions are plain to see."""

from collections.abc import Callable, Iterable
from itertools import product

import numpy as np
import numpy.typing as npt
import pytest

from proposals import segmentation
from proposals.segmentation import (
    DIRECTIONS,
    NO_EDGE,
    Floats,
    Graph,
    Segments,
    Uints,
    pixel_graph,
    segment,
    small_graph,
)

SHAPES = [(1, 1, 1), (3, 1, 9), (1, 9, 1), (3, 2, 2), (3, 7, 5), (2, 12, 17)]
IMAGES = [(shape, seed) for shape in SHAPES for seed in range(3)]
GRAPHS = [pixel_graph, small_graph]


def random_planes(shape: tuple[int, int, int], seed: int) -> Floats:
    """Return noise on few grey levels, so that many edges are equal."""
    return np.random.default_rng(seed).integers(0, 12, shape).astype(np.float32) * np.float32(3.3)


def two_halves() -> Floats:
    planes = np.zeros((3, 8, 10), np.float32)
    planes[:, :, 4:] = 100
    return planes


@pytest.mark.parametrize(("shape", "seed"), IMAGES)
def test_edges_weigh_the_euclidean_distance_of_colours(shape: tuple[int, int, int], seed: int) -> None:
    planes = random_planes(shape, seed)

    np.testing.assert_array_equal(segmentation._weigh_edges(planes), plain_weights(planes))


@pytest.mark.parametrize(("shape", "seed"), IMAGES)
def test_each_pixel_joins_its_lightest_neighbour(shape: tuple[int, int, int], seed: int) -> None:
    levels = plain_levels(random_planes(shape, seed))

    nodes, sizes, internals = segmentation._join_lightest_neighbours(levels)

    expected_nodes, expected_internals = plain_joins(levels)
    np.testing.assert_array_equal(nodes, expected_nodes)
    np.testing.assert_array_equal(sizes, np.bincount(expected_nodes.ravel()))
    np.testing.assert_array_equal(internals, expected_internals)


@pytest.mark.parametrize(("shape", "seed"), IMAGES)
def test_the_small_graph_keeps_the_lightest_edge_of_each_pair_of_nodes(shape: tuple[int, int, int], seed: int) -> None:
    planes = random_planes(shape, seed)
    levels = plain_levels(planes)

    graph = small_graph(planes)

    edges = zip(map(tuple, graph.edges.tolist()), (graph.weights * 32).tolist(), strict=True)
    assert dict(edges) == plain_lightest_edges(graph.nodes, levels)
    assert len(graph.edges) == len(plain_lightest_edges(graph.nodes, levels))
    assert (np.diff(graph.weights) >= 0).all()


@pytest.mark.parametrize(("shape", "seed"), IMAGES)
def test_the_pixel_graph_has_every_edge_of_the_grid(shape: tuple[int, int, int], seed: int) -> None:
    planes = random_planes(shape, seed)

    graph = pixel_graph(planes)

    edges = zip(map(tuple, graph.edges.tolist()), graph.weights.tolist(), strict=True)
    assert dict(edges) == plain_lightest_edges(graph.nodes, plain_weights(planes))
    assert (np.diff(graph.weights) >= 0).all()


@pytest.mark.parametrize("seed", range(5))
def test_counting_sorts_stably(seed: int) -> None:
    keys = np.random.default_rng(seed).integers(0, 9, 50).astype(np.uint16)

    np.testing.assert_array_equal(segmentation._counting_order(keys, 9), np.argsort(keys, kind="stable"))


@pytest.mark.parametrize("graph_of", GRAPHS)
@pytest.mark.parametrize(("k", "min_size"), [(0.5, 1), (20, 1), (20, 4), (100, 9), (1000, 1)])
@pytest.mark.parametrize(("shape", "seed"), IMAGES)
def test_regions_are_those_of_the_paper(
    shape: tuple[int, int, int], seed: int, k: float, min_size: int, graph_of: Callable[[Floats], Graph]
) -> None:
    graph = graph_of(random_planes(shape, seed))

    segments = segment(graph, k=k, min_size=min_size)

    np.testing.assert_array_equal(segments.regions, plain_segment(graph, k, min_size))
    assert sorted_pairs(segments) == plain_pairs(segments.regions[graph.nodes])


@pytest.mark.parametrize("graph_of", GRAPHS)
def test_a_strong_edge_separates_regions(graph_of: Callable[[Floats], Graph]) -> None:
    graph = graph_of(two_halves())

    segments = segment(graph, k=300, min_size=1)

    np.testing.assert_array_equal(segments.regions[graph.nodes], two_halves()[0] == 100)
    np.testing.assert_array_equal(segments.pairs, [[0, 1]])


@pytest.mark.parametrize("graph_of", GRAPHS)
def test_a_region_below_the_smallest_size_joins_its_neighbour(graph_of: Callable[[Floats], Graph]) -> None:
    graph = graph_of(two_halves())

    segments = segment(graph, k=300, min_size=33)

    assert not segments.regions.any()
    assert len(segments.pairs) == 0


@pytest.mark.parametrize("graph_of", GRAPHS)
def test_a_large_k_joins_all(graph_of: Callable[[Floats], Graph]) -> None:
    assert not segment(graph_of(two_halves()), k=10_000, min_size=1).regions.any()


def test_the_small_graph_has_at_most_half_the_nodes() -> None:
    assert len(small_graph(random_planes((3, 40, 40), 0)).sizes) <= 800


def directions(height: int, width: int) -> Iterable[tuple[int, tuple[int, int], tuple[int, int]]]:
    """Yield the number of the direction, a pixel and its neighbour, in reading order."""
    for y, x, (direction, (down, across)) in product(range(height), range(width), enumerate(DIRECTIONS)):
        if y + down < height and 0 <= x + across < width:
            yield direction, (y, x), (y + down, x + across)


def plain_weights(planes: Floats) -> Floats:
    weights = np.full((4, *planes.shape[1:]), NO_EDGE / 32, np.float32)
    for direction, (y, x), (v, u) in directions(*planes.shape[1:]):
        total = np.float32(0)
        for plane in planes:
            total += (plane[v, u] - plane[y, x]) * (plane[v, u] - plane[y, x])
        weights[direction, y, x] = np.sqrt(total)
    return weights


def plain_levels(planes: Floats) -> npt.NDArray[np.uint16]:
    return np.floor(plain_weights(planes) * 32).astype(np.uint16)


def plain_joins(levels: npt.NDArray[np.uint16]) -> tuple[npt.NDArray[np.int64], list[int]]:
    height, width = levels.shape[1:]
    groups = {(y, x): {(y, x)} for y in range(height) for x in range(width)}
    heaviest = dict.fromkeys(groups, 0)
    around: dict[tuple[int, int], list[tuple[int, int, int, tuple[int, int]]]] = {pixel: [] for pixel in groups}
    for direction, here, there in directions(height, width):
        around[here].append((int(levels[direction, *here]), direction, 0, there))
        around[there].append((int(levels[direction, *here]), direction, 1, here))
    for pixel, edges in around.items():
        if edges:
            level, _, _, neighbour = min(edges)
            joined = groups[pixel] | groups[neighbour]
            top = max(level, heaviest[pixel], heaviest[neighbour])
            for member in joined:
                groups[member], heaviest[member] = joined, top
    firsts = sorted({min(group) for group in groups.values()})
    nodes = [[firsts.index(min(groups[y, x])) for x in range(width)] for y in range(height)]
    return np.array(nodes), [heaviest[first] for first in firsts]


def plain_lightest_edges(nodes: Uints, weights: npt.NDArray[np.generic]) -> dict[tuple[int, ...], float]:
    lightest: dict[tuple[int, ...], float] = {}
    for direction, here, there in directions(*nodes.shape):
        pair = tuple(sorted((int(nodes[here]), int(nodes[there]))))
        if pair[0] != pair[1]:
            lightest[pair] = min(lightest.get(pair, np.inf), weights[direction, *here].item())
    return lightest


def plain_segment(graph: Graph, k: float, min_size: int) -> npt.NDArray[np.int64]:
    regions = [{node} for node in range(len(graph.sizes))]
    internals = [float(internal) for internal in graph.internals]

    def size(node: int) -> int:
        return sum(int(graph.sizes[member]) for member in regions[node])

    def join(first: int, second: int, internal: float) -> None:
        joined = regions[first] | regions[second]
        for member in joined:
            regions[member], internals[member] = joined, internal

    edges = list(zip(graph.edges.tolist(), graph.weights.tolist(), strict=True))
    for (first, second), weight in edges:
        tolerance = min(internals[first] + k / size(first), internals[second] + k / size(second))
        if second not in regions[first] and weight <= tolerance:
            join(first, second, weight)
    for (first, second), weight in edges:
        if second not in regions[first] and min(size(first), size(second)) < min_size:
            join(first, second, weight)
    firsts = sorted({min(region) for region in regions})
    return np.array([firsts.index(min(region)) for region in regions])


def sorted_pairs(segments: Segments) -> list[tuple[int, ...]]:
    return sorted(map(tuple, segments.pairs.tolist()))


def plain_pairs(regions: Uints) -> list[tuple[int, ...]]:
    height, width = regions.shape
    pairs = {tuple(sorted((int(regions[a]), int(regions[b])))) for _, a, b in directions(height, width)}
    return sorted(pair for pair in pairs if pair[0] != pair[1])
