"""Hierarchical grouping (Uijlings et al. 2013): neighbouring regions merge, most similar first, until one is left.

Similarity is the sum of up to four terms: how far histograms of colour and of texture overlap, smallness, and how well
two regions fill their common bounding box. Each term is a whole number from 0 to ONE, so that a sum does not depend on
the order of its parts and every machine finds the same boxes.
"""

import heapq
from collections.abc import Collection
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from numba import njit

from .segmentation import Uints

TERMS = ("colour", "texture", "size", "fill")
COLOUR_BINS = 25
TEXTURE_BINS = 10
ONE = 1 << 15
NUMBER_BITS = 22  # of a region's number in the queue
MAX_REGIONS = 1 << (NUMBER_BITS - 1)

Ints = npt.NDArray[np.int32]
Sizes = npt.NDArray[np.int64]
Planes = npt.NDArray[np.uint8]
Number = TypeVar("Number", bound=np.generic)


class Regions(NamedTuple):
    """What grouping knows of R regions, and which of them are neighbours."""

    sizes: Sizes  # (R,), in pixels
    boxes: Ints  # (R, 4), x1 y1 x2 y2, right and bottom edge outside
    colours: Uints  # (R, C * COLOUR_BINS), the histograms of C colour channels side by side
    textures: Uints  # (R, T * TEXTURE_BINS), the same of T texture channels; T may be 0
    pairs: Uints  # (P, 2), neighbours, each pair once, the smaller number first


class _Tree(NamedTuple):
    """The given regions, then the merged ones; only the histograms that the similarity uses."""

    sizes: Sizes
    boxes: Ints
    counts: Uints
    shares: npt.NDArray[np.uint16]  # counts scaled to the sum ONE for each term
    channels: Sizes  # by column of counts, how many channels its term has


class _Links(NamedTuple):
    """For each region a linked list of its neighbours, which may name one twice, or by a region merged into it."""

    heads: Ints  # by region, its first link
    tails: Ints  # by region, its last link
    nexts: Ints  # by link, the next one, -1 for none
    targets: Ints  # by link, the neighbour


def describe(regions: Uints, pairs: Uints, *, colours: Planes, textures: Planes) -> Regions:
    """Return the sizes, boxes and histograms of regions.

    Args:
        regions: uint32 (H, W), the region of each pixel, numbered from 0 without gaps.
        pairs: uint32 (P, 2), neighbouring regions.
        colours: uint8 (C, H, W).
        textures: uint8 (T, H, W); T may be 0.
    """
    sizes, boxes = _measure(regions, int(regions.max()) + 1)
    colour_counts = _histograms(regions, colours, len(sizes), COLOUR_BINS)
    texture_counts = _histograms(regions, textures, len(sizes), TEXTURE_BINS)
    return Regions(sizes, boxes, colour_counts, texture_counts, pairs)


def group(regions: Regions, *, terms: Collection[str]) -> Ints:
    """Return the boxes of all regions of the hierarchy: the given ones, then the merged ones, the whole image last.

    A merged region gets the next free number. Of equally similar pairs the one of the smallest numbers merges first.

    Args:
        regions: R regions, 1 to MAX_REGIONS, of a connected image.
        terms: Which of TERMS are added up.

    Returns:
        int32 (2 R - 1, 4).
    """
    parts = [part for part, term in ((regions.colours, "colour"), (regions.textures, "texture")) if term in terms]
    counts = np.hstack([regions.colours[:, :0], *parts])
    channels = [np.full(part.shape[1], part[0].sum() // regions.sizes[0], np.int64) for part in parts]
    total = 2 * len(regions.sizes) - 1
    tree = _Tree(
        _padded(regions.sizes, total),
        _padded(regions.boxes, total),
        _padded(counts, total),
        np.empty((total, counts.shape[1]), np.uint16),
        np.concatenate([regions.sizes[:0], *channels]),
    )
    _merge_all(tree, regions.pairs, int("size" in terms), int("fill" in terms))
    return tree.boxes


def _padded(rows: npt.NDArray[Number], total: int) -> npt.NDArray[Number]:
    padded: npt.NDArray[Number] = np.zeros((total, *rows.shape[1:]), rows.dtype)
    padded[: len(rows)] = rows
    return padded


@njit(cache=True, nogil=True)
def _measure(regions: Uints, count: int) -> tuple[Sizes, Ints]:
    height, width = regions.shape
    sizes, boxes = np.zeros(count, np.int64), np.zeros((count, 4), np.int32)
    boxes[:, 0], boxes[:, 1] = width, height
    for y in range(height):
        for x in range(width):
            region = regions[y, x]
            sizes[region] += 1
            boxes[region, 0] = min(boxes[region, 0], x)
            boxes[region, 1] = min(boxes[region, 1], y)
            boxes[region, 2] = max(boxes[region, 2], x + 1)
            boxes[region, 3] = y + 1
    return sizes, boxes


@njit(cache=True, nogil=True)
def _histograms(regions: Uints, planes: Planes, count: int, bins: int) -> Uints:
    """Return uint32 (count, C * bins): of each region how many values of each plane fall into each bin."""
    histograms = np.zeros((count, len(planes) * bins), np.uint32)
    height, width = regions.shape
    for channel in range(len(planes)):
        for y in range(height):
            for x in range(width):
                histograms[regions[y, x], channel * bins + (planes[channel, y, x] * bins >> 8)] += 1
    return histograms


@njit(cache=True, nogil=True)
def _merge_all(tree: _Tree, pairs: Uints, size_weight: int, fill_weight: int) -> None:
    """Fill in the merged regions. Pairs stay in the queue when a part of theirs merges; they are skipped later."""
    total = len(tree.sizes)
    count = (total + 1) // 2
    for region in range(count):
        _set_shares(tree, region)
    pixels = tree.sizes.sum()
    queue = [_entry(tree, pair[0], pair[1], pixels, size_weight, fill_weight) for pair in pairs]
    heapq.heapify(queue)
    links = _link(pairs, total)
    parents = np.arange(total, dtype=np.int32)
    met = np.full(total, -1, np.int32)
    found = np.empty(count, np.int32)
    for merged in range(count, total):
        first, second = _pop_most_similar(queue, parents)
        _merge(tree, first, second, merged)
        parents[first], parents[second] = merged, merged
        _chain(links, first, second, merged)
        for place in range(_find_neighbours(links, parents, merged, met, found)):
            heapq.heappush(queue, _entry(tree, found[place], merged, pixels, size_weight, fill_weight))


@njit(cache=True, nogil=True)
def _entry(tree: _Tree, first: int, second: int, pixels: int, size_weight: int, fill_weight: int) -> int:
    """Return a number that is the smaller the earlier the pair merges: dissimilarity, first and second region."""
    similarity: int = 0
    for column in range(tree.shares.shape[1]):
        similarity += min(tree.shares[first, column], tree.shares[second, column])
    filled = tree.sizes[first] + tree.sizes[second]
    similarity += size_weight * (ONE - filled * ONE // pixels)
    similarity += fill_weight * (ONE - (_common_area(tree.boxes[first], tree.boxes[second]) - filled) * ONE // pixels)
    entry: int = ((len(TERMS) * ONE - similarity) << NUMBER_BITS | first) << NUMBER_BITS | second
    return entry


@njit(cache=True, nogil=True)
def _common_area(first: Ints, second: Ints) -> int:
    """Return the area of the bounding box of two boxes."""
    width: int = max(first[2], second[2]) - min(first[0], second[0])
    height: int = max(first[3], second[3]) - min(first[1], second[1])
    return width * height


@njit(cache=True, nogil=True)
def _pop_most_similar(queue: list[int], parents: Ints) -> tuple[int, int]:
    mask = (1 << NUMBER_BITS) - 1
    while True:
        entry = heapq.heappop(queue)
        first, second = entry >> NUMBER_BITS & mask, entry & mask
        if parents[first] == first and parents[second] == second:
            return first, second


@njit(cache=True, nogil=True)
def _merge(tree: _Tree, first: int, second: int, merged: int) -> None:
    tree.sizes[merged] = tree.sizes[first] + tree.sizes[second]
    for side in range(2):
        tree.boxes[merged, side] = min(tree.boxes[first, side], tree.boxes[second, side])
        tree.boxes[merged, side + 2] = max(tree.boxes[first, side + 2], tree.boxes[second, side + 2])
    for column in range(tree.counts.shape[1]):
        tree.counts[merged, column] = tree.counts[first, column] + tree.counts[second, column]
    _set_shares(tree, merged)


@njit(cache=True, nogil=True)
def _set_shares(tree: _Tree, region: int) -> None:
    for column in range(tree.counts.shape[1]):
        values = tree.sizes[region] * tree.channels[column]
        tree.shares[region, column] = tree.counts[region, column] * np.float64(ONE) / values


@njit(cache=True, nogil=True)
def _link(pairs: Uints, total: int) -> _Links:
    heads, tails = np.full(total, -1, np.int32), np.full(total, -1, np.int32)
    nexts, targets = np.empty(2 * len(pairs), np.int32), np.empty(2 * len(pairs), np.int32)
    for link in range(2 * len(pairs)):
        region = pairs[link // 2, link % 2]
        targets[link] = pairs[link // 2, 1 - link % 2]
        nexts[link] = heads[region]
        heads[region] = link
        if tails[region] == -1:
            tails[region] = link
    return _Links(heads, tails, nexts, targets)


@njit(cache=True, nogil=True)
def _chain(links: _Links, first: int, second: int, merged: int) -> None:
    """Give a merged region the lists of both parts; neither is empty, for they are neighbours."""
    links.nexts[links.tails[first]] = links.heads[second]
    links.heads[merged] = links.heads[first]
    links.tails[merged] = links.tails[second]


@njit(cache=True, nogil=True)
def _find_neighbours(links: _Links, parents: Ints, region: int, met: Ints, found: Ints) -> int:
    """Write the neighbours of a region to found, return how many, and leave each once in the region's list."""
    count = 0
    link, last = links.heads[region], -1
    while link != -1:
        other = _current(parents, links.targets[link])
        if other != region and met[other] != region:
            met[other] = region
            found[count] = other
            count += 1
            links.targets[link] = other
            if last == -1:
                links.heads[region] = link
            else:
                links.nexts[last] = link
            last = link
        link = links.nexts[link]
    if last != -1:
        links.nexts[last] = -1
        links.tails[region] = last
    return count


@njit(cache=True, nogil=True)
def _current(parents: Ints, region: int) -> int:
    """Return the region that a region has become part of."""
    while parents[region] != region:
        parents[region] = parents[parents[region]]
        region = parents[region]
    return region
