"""Graph-based segmentation (Felzenszwalb and Huttenlocher 2004): which pixels belong to one region.

Pixels are the nodes of a graph, and an edge between neighbours weighs how far apart their colours are. From the
lightest edge to the heaviest, two regions become one if the edge is not heavier than the heaviest edge inside either
of them plus k / size. Nearly all of these joins are between single pixels and for every k the same, so the small graph
makes them in one pass over the image: every pixel joins its lightest neighbour, and each k starts from there.

Indices are unsigned: a compiled loop would have to ask of each signed one whether it counts from the end.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

LEVELS_PER_GREY = 32
NO_EDGE = 65_535  # the level of an edge that would leave the image
DIRECTIONS = ((0, 1), (1, -1), (1, 0), (1, 1))  # down and across, to the neighbours that follow in reading order

Uints = npt.NDArray[np.uint32]
Floats = npt.NDArray[np.float32]
Levels = npt.NDArray[np.uint16]


class Graph(NamedTuple):
    """What a segmentation starts from: N nodes, each one or more connected pixels, and E edges."""

    nodes: Uints  # (H, W), the node of each pixel, numbered in reading order
    sizes: Uints  # (N,), in pixels
    internals: Floats  # (N,), the heaviest edge inside each node
    edges: Uints  # (E, 2), each pair of neighbouring nodes once, the smaller number first; lightest edge first
    weights: Floats  # (E,), ascending


class Segments(NamedTuple):
    """A segmentation into R connected regions."""

    regions: Uints  # (N,), the region of each node, numbered in the order of their first nodes
    pairs: Uints  # (P, 2), each pair of neighbouring regions once, the smaller number first


def pixel_graph(planes: Floats) -> Graph:
    """Return the graph of the paper: every pixel is a node, with an edge to each of its eight neighbours.

    Args:
        planes: float32 (C, H, W), smoothed colour channels, 0 to 255, at most three.
    """
    pixels = planes[0].size
    nodes = np.arange(pixels, dtype=np.uint32).reshape(planes[0].shape)
    edges, weights = _list_edges(nodes, _weigh_edges(planes))
    order = np.argsort(weights, kind="stable")
    return Graph(nodes, np.ones(pixels, np.uint32), np.zeros(pixels, np.float32), edges[order], weights[order])


def small_graph(planes: Floats) -> Graph:
    """Return a graph of a quarter of the nodes, in which every pixel has joined its lightest neighbour.

    Weights are rounded down to a 32nd of a grey level, so that they can be sorted by counting.

    Args:
        planes: float32 (C, H, W), smoothed colour channels, 0 to 255, at most three.
    """
    levels = (_weigh_edges(planes) * LEVELS_PER_GREY).astype(np.uint16)
    nodes, sizes, internals = _join_lightest_neighbours(levels)
    edges, edge_levels = _keep_lightest(*_list_edges(nodes, levels), len(sizes))
    order = _counting_order(edge_levels, NO_EDGE)
    return Graph(nodes, sizes, _in_greys(internals), edges[order], _in_greys(edge_levels[order]))


def segment(graph: Graph, *, k: float, min_size: int) -> Segments:
    """Return the segmentation of a graph.

    Args:
        graph: As pixel_graph or small_graph returns it.
        k: How readily regions join, in grey levels times pixels: the larger, the larger they grow.
        min_size: A region of fewer pixels joins its most similar neighbour.
    """
    regions, borders = _segment(graph.sizes, graph.internals, graph.edges, graph.weights, float(k), min_size)
    pairs, _ = _keep_lightest(borders, np.zeros(len(borders), np.uint16), int(regions.max()) + 1)
    return Segments(regions, pairs)


def _in_greys(levels: Levels) -> Floats:
    return levels.astype(np.float32) / np.float32(LEVELS_PER_GREY)


@njit(cache=True, nogil=True)
def _weigh_edges(planes: Floats) -> Floats:
    """Return float32 (4, H, W): for each direction the distance in colour from each pixel to the next."""
    channels, height, width = planes.shape
    weights = np.full((4, height, width), np.float32(NO_EDGE / LEVELS_PER_GREY))
    for direction, (down, across) in enumerate(DIRECTIONS):
        first, last = max(0, -across), width - max(0, across)
        for y in range(height - down):
            row = weights[direction, y, first:last]
            row[:] = 0
            for channel in range(channels):
                here = planes[channel, y, first:last]
                there = planes[channel, y + down, first + across : last + across]
                for x in range(len(row)):
                    row[x] += (there[x] - here[x]) * (there[x] - here[x])
            for x in range(len(row)):
                row[x] = np.sqrt(row[x])
    return weights


@njit(cache=True, nogil=True)
def _join_lightest_neighbours(levels: Levels) -> tuple[Uints, Uints, Levels]:
    """Return the node of each pixel (H, W), and the size and heaviest inner edge of each node."""
    height, width = levels.shape[1:]
    parents = np.arange(height * width, dtype=np.uint32)
    heaviest = np.zeros(height * width, np.uint16)
    for y in range(height):
        for x in range(width):
            level, neighbour = _lightest_neighbour(levels, y, x)
            if level < NO_EDGE:
                first, second = _root(parents, y * width + x), _root(parents, neighbour)
                root = min(first, second)
                parents[max(first, second)] = root
                heaviest[root] = max(level, heaviest[first], heaviest[second])
    nodes, count = _number_roots(parents)
    sizes, internals = np.zeros(count, np.uint32), np.empty(count, np.uint16)
    for pixel in range(len(nodes)):
        sizes[nodes[pixel]] += 1
        if parents[pixel] == pixel:
            internals[nodes[pixel]] = heaviest[pixel]
    return nodes.reshape(height, width), sizes, internals


@njit(cache=True, nogil=True)
def _lightest_neighbour(levels: Levels, y: int, x: int) -> tuple[int, int]:
    """Return level and pixel number of the lightest edge at a pixel; NO_EDGE for an image of one pixel."""
    width = levels.shape[2]
    pixel = y * width + x
    lightest, neighbour = NO_EDGE, pixel
    for direction, (down, across) in enumerate(DIRECTIONS):
        level = levels[direction, y, x]
        if level < lightest:
            lightest, neighbour = level, pixel + down * width + across
        if y >= down and 0 <= x - across < width:
            level = levels[direction, y - down, x - across]
            if level < lightest:
                lightest, neighbour = level, pixel - down * width - across
    return lightest, neighbour


@njit(cache=True, nogil=True)
def _root(parents: Uints, node: int) -> int:
    while parents[node] != node:
        parents[node] = parents[parents[node]]
        node = parents[node]
    return node


@njit(cache=True, nogil=True)
def _number_roots(parents: Uints) -> tuple[Uints, int]:
    """Return the number of each node's root, counted in order, and how many there are; parents come before children."""
    numbers = np.empty(len(parents), np.uint32)
    count = 0
    for node in range(len(parents)):
        if parents[node] == node:
            numbers[node] = count
            count += 1
        else:
            numbers[node] = numbers[parents[node]]
    return numbers, count


@njit(cache=True, nogil=True)
def _list_edges(nodes: Uints, weights: npt.NDArray[Any]) -> tuple[Uints, npt.NDArray[Any]]:
    """Return (E, 2) nodes, the smaller number first, and (E,) weights of all edges between different nodes."""
    height, width = nodes.shape
    edges = np.empty((4 * nodes.size, 2), np.uint32)
    found = np.empty(4 * nodes.size, weights.dtype)
    count = 0
    for y in range(height):
        for x in range(width):
            for direction, (down, across) in enumerate(DIRECTIONS):
                if y + down < height and 0 <= x + across < width:
                    here, there = nodes[y, x], nodes[y + down, x + across]
                    if here != there:
                        edges[count, 0] = min(here, there)
                        edges[count, 1] = max(here, there)
                        found[count] = weights[direction, y, x]
                        count += 1
    return edges[:count], found[:count]


@njit(cache=True, nogil=True)
def _keep_lightest(edges: Uints, levels: Levels, nodes: int) -> tuple[Uints, Levels]:
    """Return each pair of nodes once, with its lightest level: by first node, then by first appearance."""
    kept, lightest = np.empty_like(edges), np.empty_like(levels)
    places = np.zeros(nodes, np.uint32)
    count = 0
    for edge in _counting_order(edges[:, 0], nodes):
        first, second = edges[edge, 0], edges[edge, 1]
        place = places[second]
        if place < count and kept[place, 0] == first and kept[place, 1] == second:
            lightest[place] = min(lightest[place], levels[edge])
        else:
            kept[count, 0], kept[count, 1] = first, second
            lightest[count] = levels[edge]
            places[second] = count
            count += 1
    return kept[:count].copy(), lightest[:count].copy()


@njit(cache=True, nogil=True)
def _counting_order(keys: npt.NDArray[np.unsignedinteger], bound: int) -> Uints:
    """Return the stable order of keys below the bound."""
    places = np.zeros(bound + 1, np.uint32)
    for key in keys:
        places[key + 1] += 1
    for key in range(bound):
        places[key + 1] += places[key]
    order = np.empty(len(keys), np.uint32)
    for number, key in enumerate(keys):
        order[places[key]] = number
        places[key] += 1
    return order


@njit(cache=True, nogil=True)
def _segment(
    sizes: Uints, internals: Floats, edges: Uints, weights: Floats, k: float, min_size: int
) -> tuple[Uints, Uints]:
    """Return the region of each node (N,), and for each edge left between two regions their numbers."""
    parents = np.arange(len(sizes), dtype=np.uint32)
    sizes = sizes.copy()
    tolerances = internals + k / sizes
    left = np.empty_like(edges)
    count = 0
    for edge in range(len(edges)):
        first, second = _root(parents, edges[edge, 0]), _root(parents, edges[edge, 1])
        if first == second:
            continue
        if weights[edge] <= min(tolerances[first], tolerances[second]):
            root = _unite(parents, sizes, first, second)
            tolerances[root] = weights[edge] + k / sizes[root]
        else:
            left[count, 0], left[count, 1] = first, second
            count += 1
    for edge in range(count):
        first, second = _root(parents, left[edge, 0]), _root(parents, left[edge, 1])
        if first != second and min(sizes[first], sizes[second]) < min_size:
            _unite(parents, sizes, first, second)
    regions, _ = _number_roots(parents)
    return regions, _borders(regions, left[:count])


@njit(cache=True, nogil=True)
def _unite(parents: Uints, sizes: Uints, first: int, second: int) -> int:
    """Join two roots and return the common one, the smaller."""
    root, child = min(first, second), max(first, second)
    parents[child] = root
    sizes[root] += sizes[child]
    return root


@njit(cache=True, nogil=True)
def _borders(regions: Uints, edges: Uints) -> Uints:
    borders = np.empty_like(edges)
    count = 0
    for edge in range(len(edges)):
        first, second = regions[edges[edge, 0]], regions[edges[edge, 1]]
        if first != second:
            borders[count, 0], borders[count, 1] = min(first, second), max(first, second)
            count += 1
    return borders[:count].copy()
