"""Graph-based segmentation (Felzenszwalb and Huttenlocher 2004): which nodes belong to one region.

Nodes are pixels or superpixels, and an edge between neighbours weighs how far apart their colours are. From the
lightest edge to the heaviest, two regions become one if the edge is not heavier than the heaviest edge inside either
of them plus k / size.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from .colours import LEVELS_PER_GREY, Floats
from .hashing import add, empty_set
from .superpixels import Levels, Nodes, Uints, find_borders

RECENT = 4096  # pairs of nodes that are remembered
DIRECTIONS = ((0, 1), (1, -1), (1, 0), (1, 1))  # down and across, to the neighbours that follow in reading order


class Contacts(NamedTuple):
    """Where nodes touch: E pairs of neighbours, and B pixel sides between them."""

    pairs: Uints  # (E, 2), the smaller number first; seldom a pair comes twice, when its sides are far apart
    sides: Uints  # (B,), places in the flattened result of edge_levels
    owners: Uints  # (B,), the pair that each side is between


class Graph(NamedTuple):
    """N nodes and E edges between them."""

    sizes: Uints  # (N,), in pixels
    internals: Floats  # (N,), the heaviest edge inside each node, in grey levels
    edges: Uints  # (E, 2), pairs of nodes, lightest first
    weights: Floats  # (E,), ascending, in grey levels


class Segments(NamedTuple):
    """A segmentation into R connected regions."""

    regions: Uints  # (N,), the region of each node, numbered in the order of their first nodes
    pairs: Uints  # (P, 2), each pair of neighbouring regions once, the smaller number first


def pixel_graph(planes: Floats) -> Graph:
    """Return the graph of the paper: every pixel is a node, with an edge to each of its eight neighbours.

    Args:
        planes: float32 (C, H, W), smoothed colour channels, 0 to 255.
    """
    edges, weights = _pixel_edges(planes)
    order = np.argsort(weights, kind="stable")
    pixels = planes[0].size
    return Graph(np.ones(pixels, np.uint32), np.zeros(pixels, np.float32), edges[order], weights[order])


def contacts(nodes: Nodes) -> Contacts:
    """Return where the nodes of an image touch; the same for every colour space."""
    return Contacts(*_list_contacts(nodes.labels))


def superpixel_graph(nodes: Nodes, touching: Contacts, levels: Levels) -> Graph:
    """Return the graph of superpixels: an edge weighs as much as the lightest pixel side between its two nodes.

    Args:
        nodes: N superpixels.
        touching: Their contacts.
        levels: As edge_levels returns them for a colour space.
    """
    lightest = _lightest_sides(touching.sides, touching.owners, levels.ravel(), len(touching.pairs))
    nothing = np.zeros(len(nodes.sizes), np.float32)  # edges inside superpixels are too short to count
    return Graph(nodes.sizes, nothing, *_sort_by_counting(touching.pairs, lightest))


def segmentations(graph: Graph, ks: Sequence[float], min_size: int) -> Iterator[Segments]:
    """Yield the segmentation of a graph for each k.

    All begin with the same joins, which are made once.

    Args:
        graph: As pixel_graph or superpixel_graph returns it.
        ks: How readily regions join, in grey levels times pixels: the larger, the larger they grow.
        min_size: A region of fewer pixels joins its most similar neighbour; 0 for k of them.
    """
    nodes, sizes, internals, edges, weights = _join_in_common(*graph, np.float32(min(ks)))
    for k in ks:
        regions, pairs = _segment(sizes, internals, edges, weights, np.float32(k), min_size or int(k))
        yield Segments(regions[nodes], pairs)


@njit(cache=True, nogil=True)
def _pixel_edges(planes: Floats) -> tuple[Uints, Floats]:
    """Return (E, 2) pixels and (E,) the Euclidean distance in colour, of all neighbours, in reading order."""
    channels, height, width = planes.shape
    edges, weights = np.empty((4 * height * width, 2), np.uint32), np.empty(4 * height * width, np.float32)
    count = 0
    for y in range(height):
        for x in range(width):
            for down, across in DIRECTIONS:
                if y + down < height and 0 <= x + across < width:
                    square = np.float32(0)
                    for channel in range(channels):
                        step = planes[channel, y + down, x + across] - planes[channel, y, x]
                        square += step * step
                    edges[count, 0], edges[count, 1] = y * width + x, (y + down) * width + x + across
                    weights[count] = np.sqrt(square)
                    count += 1
    return edges[:count], weights[:count]


@njit(cache=True, nogil=True)
def _list_contacts(labels: Uints) -> tuple[Uints, Uints, Uints]:
    height, width = labels.shape
    most = _count_borders(labels)
    pairs, sides, owners = np.empty((most, 2), np.uint32), np.empty(most, np.uint32), np.empty(most, np.uint32)
    recent, numbers = np.zeros(RECENT, np.uint64), np.empty(RECENT, np.uint32)
    found = np.empty(width, np.uint32)
    count, known = np.uint64(0), np.uint64(0)
    for y in range(height):
        for side in range(min(2, height - y)):
            here, there = labels[y], labels[y + side, 1 - side :]
            start = np.uint32((side * height + y) * width)
            for border in range(find_borders(here, there, found)):
                x = found[border]
                smaller, larger = min(here[x], there[x]), max(here[x], there[x])
                pair = np.uint64(smaller) << np.uint64(32) | np.uint64(larger)
                place = (smaller * np.uint32(37) + larger) & np.uint32(RECENT - 1)
                if recent[place] != pair:
                    recent[place], numbers[place] = pair, known
                    pairs[known, 0], pairs[known, 1] = smaller, larger
                    known += np.uint64(1)
                sides[count], owners[count] = start + x, numbers[place]
                count += np.uint64(1)
    return pairs[:known], sides, owners


@njit(cache=True, nogil=True)
def _count_borders(labels: Uints) -> int:
    height = len(labels)
    count = 0
    for y in range(height):
        for side in range(min(2, height - y)):
            here, there = labels[y], labels[y + side, 1 - side :]
            different = np.uint32(0)
            for x in range(len(there)):
                different += np.uint32(here[x] != there[x])
            count += int(different)
    return count


@njit(cache=True, nogil=True)
def _lightest_sides(sides: Uints, owners: Uints, levels: Levels, pairs: int) -> Levels:
    lightest = np.full(pairs, levels.max())
    for side in range(len(sides)):
        owner = owners[side]
        lightest[owner] = min(lightest[owner], levels[sides[side]])
    return lightest


@njit(cache=True, nogil=True)
def _sort_by_counting(pairs: Uints, levels: Levels) -> tuple[Uints, Floats]:
    """Return pairs and weights in grey levels, lightest first, equally light ones in the order given."""
    places = np.zeros(65_537, np.uint32)
    heaviest = 0
    for pair in range(len(levels)):
        places[np.uint32(levels[pair]) + np.uint32(1)] += np.uint32(1)
        heaviest = max(heaviest, levels[pair])
    for level in range(heaviest):
        places[level + 1] += places[level]
    edges, weights = np.empty_like(pairs), np.empty(len(pairs), np.float32)
    for pair in range(len(levels)):
        level = levels[pair]
        place = places[level]
        places[level] = place + np.uint32(1)
        edges[place, 0], edges[place, 1] = pairs[pair, 0], pairs[pair, 1]
        weights[place] = np.float32(level) / np.float32(LEVELS_PER_GREY)
    return edges, weights


@njit(cache=True, nogil=True)
def _join_in_common(
    sizes: Uints, internals: Floats, edges: Uints, weights: Floats, k: np.float32
) -> tuple[Uints, Uints, Floats, Uints, Floats]:
    """Make the joins that are the same for every k from this one on; return the node of each node, and their graph."""
    parents, sizes, internals = np.arange(len(sizes)).astype(np.uint32), sizes.copy(), internals.copy()
    left, heavier = _sweep(parents, sizes, internals, edges, weights, k, True)
    nodes, count = _number_roots(parents)
    kept_sizes, kept_internals = np.empty(count, np.uint32), np.empty(count, np.float32)
    for node in range(len(parents)):
        if parents[node] == np.uint32(node):
            kept_sizes[nodes[node]], kept_internals[nodes[node]] = sizes[node], internals[node]
    for edge in range(len(left)):
        left[edge, 0], left[edge, 1] = nodes[left[edge, 0]], nodes[left[edge, 1]]
    return nodes, kept_sizes, kept_internals, left, heavier


@njit(cache=True, nogil=True)
def _segment(
    sizes: Uints, internals: Floats, edges: Uints, weights: Floats, k: np.float32, min_size: int
) -> tuple[Uints, Uints]:
    """Return the region of each node (N,), and the pairs of regions that touch (P, 2)."""
    parents, sizes, internals = np.arange(len(sizes)).astype(np.uint32), sizes.copy(), internals.copy()
    left, _ = _sweep(parents, sizes, internals, edges, weights, k, False)
    for edge in range(len(left)):
        first, second = _root(parents, left[edge, 0]), _root(parents, left[edge, 1])
        if first != second and min(sizes[first], sizes[second]) < min_size:
            _unite(parents, sizes, first, second)
    regions, _ = _number_roots(parents)
    return regions, _distinct_pairs(regions, left)


@njit(cache=True, nogil=True)
def _sweep(
    parents: Uints,
    sizes: Uints,
    internals: Floats,
    edges: Uints,
    weights: Floats,
    k: np.float32,
    part: bool,
) -> tuple[Uints, Floats]:
    """Join regions along the edges, lightest first, and return the edges left between two, with their weights.

    With `part`, two regions that k forbids to join have come to where the ways of larger ks part: they grow no more.
    """
    tolerances = internals + k / sizes.astype(np.float32)
    left, heavier = np.empty_like(edges), np.empty_like(weights)
    count = np.uint64(0)
    for edge in range(len(edges)):
        first, second = _root(parents, edges[edge, 0]), _root(parents, edges[edge, 1])
        if first == second:
            continue
        weight = weights[edge]
        if weight <= min(tolerances[first], tolerances[second]):
            root = _unite(parents, sizes, first, second)
            internals[root], tolerances[root] = weight, weight + k / np.float32(sizes[root])
        else:
            left[count, 0], left[count, 1], heavier[count] = first, second, weight
            count += np.uint64(1)
            if part:
                tolerances[first] = tolerances[second] = -1
    return left[:count], heavier[:count]


@njit(cache=True, nogil=True)
def _root(parents: Uints, node: int) -> int:
    root: int = parents[parents[node]]  # which it nearly always is: a loop from the node on could not be foretold
    while parents[root] != root:
        root = parents[root]
    parents[node] = root
    return root


@njit(cache=True, nogil=True)
def _unite(parents: Uints, sizes: Uints, first: int, second: int) -> int:
    """Join two roots and return the common one, the smaller."""
    root, child = min(first, second), max(first, second)
    parents[child] = root
    sizes[root] += sizes[child]
    return root


@njit(cache=True, nogil=True)
def _number_roots(parents: Uints) -> tuple[Uints, int]:
    """Return the number of each node's root, counted in order, and how many there are; parents come before children."""
    numbers = np.empty(len(parents), np.uint32)
    count = np.uint32(0)
    for node in range(len(parents)):
        parent = parents[node]
        if parent == np.uint32(node):
            numbers[node] = count
            count += np.uint32(1)
        else:
            numbers[node] = numbers[parent]
    return numbers, int(count)


@njit(cache=True, nogil=True)
def _distinct_pairs(regions: Uints, edges: Uints) -> Uints:
    """Return the pairs of regions that edges are between, each once, (P, 2), the smaller number first."""
    pairs = np.empty_like(edges)
    met = empty_set(len(edges))  # regions that cross at corners may have any number of neighbours
    known = np.uint64(0)
    for edge in range(len(edges)):
        first, second = regions[edges[edge, 0]], regions[edges[edge, 1]]
        smaller, larger = min(first, second), max(first, second)
        if smaller != larger and add(met, np.uint64(smaller) << np.uint64(32) | np.uint64(larger)):
            pairs[known, 0], pairs[known, 1] = smaller, larger
            known += np.uint64(1)
    return pairs[:known]
