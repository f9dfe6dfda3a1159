"""Hierarchical grouping (Uijlings et al. 2013): neighbouring regions merge, most similar first, until one is left.

Similarity is the sum of up to four terms: how far histograms of colour and of texture overlap, smallness, and how well
two regions fill their common bounding box. Each term is a whole number from 0 to ONE, so that a sum does not depend on
the order of its parts and every machine finds the same boxes.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from .heap import pop, push
from .segmentation import Segments
from .superpixels import Ints, Nodes, Uints

TERMS = ("colour", "texture", "size", "fill")
COLOUR_BINS = 25
TEXTURE_BINS = 10
ONE = 1 << 15
NUMBER_BITS = 22  # of a region's number in the queue
MASK = (1 << NUMBER_BITS) - 1
NO_ENTRY = (1 << 63) - 1
MAX_REGIONS = 1 << (NUMBER_BITS - 1)
BLOCK = 32  # columns of histograms are a multiple of it, so that they can be compared many at a time

Sizes = npt.NDArray[np.int64]
Values = npt.NDArray[np.uint8]


class Regions(NamedTuple):
    """What grouping knows of R regions, and which of them are neighbours."""

    sizes: Sizes  # (R,), in pixels
    boxes: Ints  # (R, 4), x1 y1 x2 y2, right and bottom edge outside
    colours: Uints  # (R, >= C * COLOUR_BINS), the histograms of C colour channels side by side, then zeros
    textures: Uints  # (R, >= T * TEXTURE_BINS), the same of T texture channels; T may be 0
    pairs: Uints  # (P, 2), neighbours, each pair once, the smaller number first


def describe(segments: Segments, nodes: Nodes, *, colours: Values, textures: Values) -> Regions:
    """Return the sizes, boxes and histograms of regions; a node counts as that many pixels of its mean values.

    Args:
        segments: R regions of N nodes.
        nodes: The nodes that they consist of.
        colours: uint8 (N, C).
        textures: uint8 (N, T); T may be 0.
    """
    sizes, boxes = _measure(segments.regions, nodes.sizes, nodes.boxes)
    colour_counts = _histograms(segments.regions, nodes.sizes, colours, len(sizes), COLOUR_BINS)
    texture_counts = _histograms(segments.regions, nodes.sizes, textures, len(sizes), TEXTURE_BINS)
    return Regions(sizes, boxes, colour_counts, texture_counts, segments.pairs)


def group(regions: Regions, *, terms: Collection[str]) -> Ints:
    """Return the boxes of all regions of the hierarchy: the given ones, then the merged ones, the whole image last.

    A merged region gets the next free number. Of equally similar pairs the one of the smallest numbers merges first.

    Args:
        regions: R regions, 1 to MAX_REGIONS, of a connected image.
        terms: Which of TERMS are added up.

    Returns:
        int32 (2 R - 1, 4).
    """
    colours = regions.colours if "colour" in terms else regions.colours[:, :0]
    slopes = regions.textures if "texture" in terms else regions.textures[:, :0]
    weights = (int("size" in terms), int("fill" in terms))
    return _merge_all(regions.sizes, regions.boxes, colours, slopes, regions.pairs, weights)


@njit(cache=True, nogil=True)
def _measure(regions: Uints, node_sizes: Uints, node_boxes: Ints) -> tuple[Sizes, Ints]:
    count = regions.max() + np.uint32(1)
    sizes, boxes = np.zeros(count, np.int64), np.empty((count, 4), np.int32)
    for node in range(len(regions)):
        region = regions[node]
        if sizes[region] == 0:
            for side in range(4):  # one by one: an assignment of a row compiles the text of its error, half a second
                boxes[region, side] = node_boxes[node, side]
        sizes[region] += node_sizes[node]
        for side in range(2):
            boxes[region, side] = min(boxes[region, side], node_boxes[node, side])
            boxes[region, side + 2] = max(boxes[region, side + 2], node_boxes[node, side + 2])
    return sizes, boxes


@njit(cache=True, nogil=True)
def _histograms(regions: Uints, sizes: Uints, values: Values, count: int, bins: int) -> Uints:
    """Return uint32 (count, C * bins, or more): of each region how many pixels have values in each bin of a channel."""
    channels = values.shape[1]
    histograms = np.zeros((count, -(-channels * bins // BLOCK) * BLOCK), np.uint32)
    for node in range(len(regions)):
        for channel in range(channels):
            histograms[regions[node], channel * bins + (values[node, channel] * bins >> 8)] += sizes[node]
    return histograms


@njit(cache=True, nogil=True)
def _merge_all(
    sizes: Sizes, boxes: Ints, colours: Uints, textures: Uints, pairs: Uints, weights: tuple[int, int]
) -> Ints:
    """Return the boxes of the given and the merged regions.

    The queue has for each region its pair with the most similar of its smaller-numbered neighbours. When that one has
    merged with another, the entry comes up too early, never too late, and the region looks for its next best.
    """
    count, total = len(sizes), 2 * len(sizes) - 1
    rates = (ONE / sizes.sum(), weights[0], weights[1])
    channels = np.concatenate((
        np.full(colours.shape[1], colours[0].sum() // sizes[0]),
        np.full(textures.shape[1], textures[0].sum() // sizes[0]),
    ))  # fmt: skip
    counts = _with_room(np.hstack((colours, textures)), total)
    shares = np.empty(counts.shape, np.uint16)
    sizes, boxes = _with_room(sizes, total), _with_room(boxes, total)
    for region in range(count):
        _set_shares(shares[region], counts[region], sizes[region], channels)
    ends, links = _link(pairs, total)
    parents = np.arange(total).astype(np.int32)
    met, found = np.zeros(total, np.int32), np.empty(count, np.int32)
    queue, queued = np.empty(total, np.int64), 0
    searches, merged, region = 0, count, 0
    while True:
        if parents[region] == region:
            searches += 1
            neighbours = found[: _find_neighbours(ends, links, parents, region, met, searches, found)]
            best = _best_entry(sizes, boxes, shares, neighbours, region, rates)
            queued = queued if best == NO_ENTRY else push(queue, queued, best)
        if searches < count:
            region += 1
            continue
        if merged == total:
            return boxes
        entry = pop(queue, queued)
        queued -= 1
        first, region = entry >> NUMBER_BITS & MASK, entry & MASK
        if parents[first] == first and parents[region] == region:
            _merge(sizes, boxes, counts, first, region, merged)
            _set_shares(shares[merged], counts[merged], sizes[merged], channels)
            _chain(ends, links, first, region, merged)
            parents[first], parents[region] = merged, merged
            region = merged
            merged += 1


@njit(cache=True, nogil=True)
def _with_room(rows: npt.NDArray[Any], total: int) -> npt.NDArray[Any]:
    room = np.empty((total, *rows.shape[1:]), rows.dtype)
    places, values = room.reshape(-1), rows.reshape(-1)
    for index in range(len(values)):
        places[index] = values[index]
    return room


@njit(cache=True, nogil=True)
def _set_shares(shares: npt.NDArray[np.uint16], counts: Uints, size: int, channels: Sizes) -> None:
    for column in range(len(counts)):
        shares[column] = np.int32(np.float64(counts[column]) * ONE / np.float64(size * channels[column]))


@njit(cache=True, nogil=True)
def _best_entry(
    sizes: Sizes,
    boxes: Ints,
    shares: npt.NDArray[np.uint16],
    neighbours: Ints,
    region: int,
    rates: tuple[float, int, int],
) -> int:
    """Return the least entry of a region with its smaller-numbered neighbours.

    An entry is a number that is the smaller the earlier the pair merges: dissimilarity, first and second region.
    """
    share, size_weight, fill_weight = rates
    best = NO_ENTRY
    for neighbour in neighbours:
        if neighbour < region:
            filled = sizes[neighbour] + sizes[region]
            gap = _common_area(boxes[neighbour], boxes[region]) - filled
            similarity = np.int64(_overlap(shares[neighbour], shares[region]))
            similarity += size_weight * (ONE - np.int64(filled * share))
            similarity += fill_weight * (ONE - np.int64(gap * share))
            entry = ((len(TERMS) * ONE - similarity) << NUMBER_BITS | neighbour) << NUMBER_BITS | region
            best = min(best, entry)
    return best


@njit(cache=True, nogil=True)
def _overlap(first: npt.NDArray[np.uint16], second: npt.NDArray[np.uint16]) -> int:
    total = np.uint32(0)
    for column in range(len(first)):
        total += np.uint32(min(first[column], second[column]))
    return int(total)


@njit(cache=True, nogil=True)
def _common_area(first: Ints, second: Ints) -> int:
    """Return the area of the bounding box of two boxes."""
    width: int = max(first[2], second[2]) - min(first[0], second[0])
    height: int = max(first[3], second[3]) - min(first[1], second[1])
    return width * height


@njit(cache=True, nogil=True)
def _merge(sizes: Sizes, boxes: Ints, counts: Uints, first: int, second: int, merged: int) -> None:
    sizes[merged] = sizes[first] + sizes[second]
    for side in range(2):
        boxes[merged, side] = min(boxes[first, side], boxes[second, side])
        boxes[merged, side + 2] = max(boxes[first, side + 2], boxes[second, side + 2])
    of_first, of_second, of_both = counts[first], counts[second], counts[merged]
    for column in range(len(of_both)):
        of_both[column] = of_first[column] + of_second[column]


@njit(cache=True, nogil=True)
def _link(pairs: Uints, total: int) -> tuple[Ints, Ints]:
    """Return for each region a linked list of its neighbours, which later may name one twice, or one that has merged.

    Returns:
        int32 (total, 2), the first and the last link of each region, and int32 (2 P, 2), of each link the neighbour
        and the next link; -1 for none.
    """
    ends, links = np.full((total, 2), np.int32(-1)), np.empty((2 * len(pairs), 2), np.int32)
    for link in range(2 * len(pairs)):
        region = pairs[link >> 1, link & 1]
        links[link, 0], links[link, 1] = pairs[link >> 1, 1 - link & 1], ends[region, 0]
        ends[region, 0] = link
        if ends[region, 1] == -1:
            ends[region, 1] = link
    return ends, links


@njit(cache=True, nogil=True)
def _chain(ends: Ints, links: Ints, first: int, second: int, merged: int) -> None:
    """Give a merged region the lists of both parts; neither is empty, for they are neighbours."""
    links[ends[first, 1], 1] = ends[second, 0]
    ends[merged, 0], ends[merged, 1] = ends[first, 0], ends[second, 1]


@njit(cache=True, nogil=True)
def _find_neighbours(ends: Ints, links: Ints, parents: Ints, region: int, met: Ints, search: int, found: Ints) -> int:
    """Write the neighbours of a region to found, return how many, and leave each once in the region's list.

    Those found by this search, one of those counted from 1, are marked with its number in `met`.
    """
    count = 0
    link, last = ends[region, 0], -1
    while link != -1:
        other = _current(parents, links[link, 0])
        if other != region and met[other] != search:
            met[other] = search
            found[count] = other
            count += 1
            links[link, 0] = other
            if last == -1:
                ends[region, 0] = link
            else:
                links[last, 1] = link
            last = link
        link = links[link, 1]
    if last != -1:
        links[last, 1] = -1
        ends[region, 1] = last
    return count


@njit(cache=True, nogil=True)
def _current(parents: Ints, region: int) -> int:
    """Return the region that a region has become part of."""
    while parents[region] != region:
        parents[region] = parents[parents[region]]
        region = parents[region]
    return region
