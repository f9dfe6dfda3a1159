"""Superpixels: pixels joined where every segmentation would join them, so that all of them start from fewer nodes.

Two rounds of Boruvka's algorithm (1926) for minimum spanning trees. In the first every pixel joins its lightest
neighbour, in the second every group of pixels its lightest neighbour. That leaves a node for about fifteen pixels,
without sorting a single edge.

Indices are unsigned: a compiled loop would have to ask of each signed one whether it counts from the end.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from .colours import Image, Planes

NO_EDGE = 65_535  # the level of an edge that would leave the image
MOST = 0x7FFFFFFF
NONE = 0xFFFFFFFF

Uints = npt.NDArray[np.uint32]
Ints = npt.NDArray[np.int32]
Levels = npt.NDArray[np.uint16]


class Nodes(NamedTuple):
    """What a segmentation starts from: N connected sets of pixels, numbered in reading order of their first pixels."""

    labels: Uints  # (H, W), the node of each pixel
    sizes: Uints  # (N,), in pixels
    boxes: Ints  # (N, 4), x1 y1 x2 y2, right and bottom edge outside


def pixels(height: int, width: int) -> Nodes:
    """Return the pixels of an image, each a node of its own."""
    numbers = np.arange(height * width, dtype=np.uint32)
    return Nodes(*_describe(numbers.reshape(height, width), numbers))


def superpixels(planes: Planes, levels: Levels) -> Nodes:
    """Return the superpixels of an image.

    Of equally light neighbours the first in reading order counts, so that the same image always gives the same ones.

    Args:
        planes: int16 (3, H, W), smoothed colour channels in 32nds of a grey level.
        levels: Their `edge_levels`.
    """
    height, width = planes.shape[1:]
    if height * width == 1:
        return pixels(1, 1)
    groups = _join(_lightest_pixels(planes)).reshape(height, width)
    nearest = _lightest_groups(groups, levels)
    return Nodes(*_describe(groups, _join(nearest)))


def average(nodes: Nodes, channels: Image) -> npt.NDArray[np.uint8]:
    """Return the mean of each channel over the pixels of each node, rounded down: uint8 (N, C).

    Args:
        nodes: N nodes of the image.
        channels: uint8 (H, W, C).
    """
    return _average(nodes.labels.ravel(), nodes.sizes, channels.reshape(-1, channels.shape[2]))


@njit(cache=True, nogil=True)
def edge_levels(planes: Planes) -> Levels:
    """Return uint16 (2, H, W): how far apart in colour each pixel and its neighbour on the right and below are.

    The Euclidean distance in 32nds of a grey level, rounded down, to the precision of float32; NO_EDGE where there is
    no neighbour.
    """
    channels, height, width = planes.shape
    levels = np.full((2, height, width), np.uint16(NO_EDGE))
    row = np.empty(width, np.float32)
    for side in range(2):
        for y in range(height - side):
            squares = row[: width - 1 + side]
            squares[:] = 0
            for channel in range(channels):
                here, there = planes[channel, y], planes[channel, y + side, 1 - side :]
                for x in range(len(squares)):
                    step = np.float32(np.int32(there[x]) - np.int32(here[x]))
                    squares[x] += step * step
            found = levels[side, y]
            for x in range(len(squares)):
                found[x] = np.int32(np.sqrt(squares[x]))
    return levels


@njit(cache=True, nogil=True)
def find_borders(here: Uints, there: Uints, places: Uints) -> int:
    """Write down where two rows of labels differ and return how often; branches could not be foretold."""
    count = np.uint32(0)
    for x in range(len(there)):
        places[count] = x
        count += np.uint32(here[x] != there[x])
    return int(count)


@njit(cache=True, nogil=True)
def _lightest_pixels(planes: Planes) -> Uints:
    """Return uint32 (H * W,): the lightest of the eight neighbours of each pixel, of equally light ones the first.

    The squares of the distances leave 3 bits for the place of a neighbour, 0 to 7 in reading order.
    """
    _, height, width = planes.shape
    lightest = np.full((height, width), np.int32(MOST))
    row = np.empty(width, np.int32)
    for y in range(height):
        for number, (down, across) in enumerate(((0, 1), (1, -1), (1, 0), (1, 1))):  # those that follow it
            if y + down == height:
                continue
            first, last = max(0, -across), width - max(0, across)
            squares = row[: last - first]
            _square_distances(planes, (y, first), (y + down, first + across), squares)
            _lower(lightest[y, first:last], squares, 4 + number)
            _lower(lightest[y + down, first + across : last + across], squares, 3 - number)
    steps = np.array([-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1]).astype(np.uint32)
    places, nearest = lightest.ravel(), np.empty(height * width, np.uint32)
    for pixel in range(height * width):
        nearest[pixel] = np.uint32(pixel) + steps[places[pixel] & np.int32(7)]
    return nearest


@njit(cache=True, nogil=True)
def _square_distances(
    planes: Planes, here: tuple[int, int], there: tuple[int, int], squares: npt.NDArray[np.int32]
) -> None:
    """Write the squared distances of two stretches of rows, from (y, x) on; contiguous, for the compiler's sake."""
    (y, x), (v, u) = here, there
    reds, greens, blues = planes[0, y, x:], planes[1, y, x:], planes[2, y, x:]
    other_reds, other_greens, other_blues = planes[0, v, u:], planes[1, v, u:], planes[2, v, u:]
    for place in range(len(squares)):
        red = np.int32(reds[place]) - np.int32(other_reds[place])
        green = np.int32(greens[place]) - np.int32(other_greens[place])
        blue = np.int32(blues[place]) - np.int32(other_blues[place])
        squares[place] = np.int32(red * red + green * green + blue * blue)


@njit(cache=True, nogil=True)
def _lower(lightest: npt.NDArray[np.int32], squares: npt.NDArray[np.int32], place: int) -> None:
    for x in range(len(lightest)):
        lightest[x] = min(lightest[x], squares[x] << np.int32(3) | np.int32(place))


@njit(cache=True, nogil=True)
def _lightest_groups(labels: Uints, levels: Levels) -> Uints:
    """Return the lightest neighbour of each group, of equally light ones the first; itself if it is the only group."""
    height, width = labels.shape
    count = labels.max() + np.uint32(1)
    nearest = np.full(count, np.uint64(NO_EDGE) << np.uint64(32))
    places = np.empty(width, np.uint32)
    for side in range(2):
        for y in range(height - side):
            here, there, weights = labels[y], labels[y + side, 1 - side :], levels[side, y]
            for border in range(find_borders(here, there, places)):
                x = places[border]
                first, second, level = here[x], there[x], np.uint64(weights[x]) << np.uint64(32)
                nearest[first] = min(nearest[first], level | second)
                nearest[second] = min(nearest[second], level | first)
    return nearest.astype(np.uint32)


@njit(cache=True, nogil=True)
def _join(nearest: Uints) -> Uints:
    """Return the group of each node, numbered from 0, when all join their nearest.

    From nearest to nearest, edges get lighter or nodes earlier, so a chain ends with two that are each other's, of
    which the first becomes the root. Every pass at least halves the way to the root.
    """
    parents = np.empty(len(nearest), np.uint32)
    for node in range(len(nearest)):
        other = nearest[node]
        is_root = (nearest[other] == np.uint32(node)) & (np.uint32(node) < other)
        parents[node] = np.uint32(node) if is_root else other
    while _jump(parents, 0) and _jump(parents, len(parents) - 1):
        pass
    numbers = np.empty_like(parents)
    count = np.uint32(0)
    for node in range(len(parents)):
        numbers[node] = count
        count += np.uint32(parents[node] == np.uint32(node))
    for node in range(len(parents)):
        parents[node] = numbers[parents[node]]
    return parents


@njit(cache=True, nogil=True)
def _jump(parents: Uints, last: int) -> bool:
    """Halve the way of every node to its root, and return whether any was not there yet.

    Nodes are taken in order, for last = 0, or back from the last: either makes short work of the chains along its way.
    """
    changes = np.uint32(0)
    for place in range(len(parents)):
        node = np.uint32(abs(last - place))
        parent = parents[node]
        grandparent = parents[parent]
        parents[node] = grandparent
        changes |= parent ^ grandparent
    return bool(changes != 0)


@njit(cache=True, nogil=True)
def _describe(labels: Uints, names: Uints) -> tuple[Uints, Uints, Ints]:
    """Return the name of each label, (H, W), renamed to 0, 1, ... as they appear, and the size and box of each name."""
    height, width = labels.shape
    numbers, renamed = np.full(len(names), np.uint32(NONE)), np.empty_like(labels)
    sizes, boxes = np.zeros(len(names), np.uint32), np.empty((len(names), 4), np.int32)
    count = np.uint32(0)
    for y in range(height):
        row, new_row = labels[y], renamed[y]
        for x in range(width):
            name = names[row[x]]
            if numbers[name] == NONE:
                numbers[name] = count
                boxes[count, 0], boxes[count, 1], boxes[count, 2] = x, y, x
                count += np.uint32(1)
            number = numbers[name]
            new_row[x] = number
            sizes[number] += np.uint32(1)
            boxes[number, 0] = min(boxes[number, 0], np.int32(x))
            boxes[number, 2] = max(boxes[number, 2], np.int32(x + 1))
            boxes[number, 3] = y + 1
    return renamed, sizes[:count].copy(), boxes[:count].copy()


@njit(cache=True, nogil=True)
def _average(labels: Uints, sizes: Uints, values: Image) -> npt.NDArray[np.uint8]:
    channels = values.shape[1]
    sums = np.zeros((len(sizes), channels), np.uint32)
    for pixel in range(len(labels)):
        label = labels[pixel]
        for channel in range(channels):
            sums[label, channel] += values[pixel, channel]
    means = np.empty((len(sizes), channels), np.uint8)
    for node in range(len(sizes)):
        for channel in range(channels):
            means[node, channel] = sums[node, channel] // sizes[node]
    return means
