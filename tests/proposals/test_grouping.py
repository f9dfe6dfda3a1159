"""Grouping against a plain reading of the paper, and on regions whose order of merging is plain to see."""

from itertools import combinations

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from sppnet.proposals.grouping import COLOUR_BINS, ONE, TERMS, TEXTURE_BINS, Regions, Values, describe, group
from sppnet.proposals.segmentation import Segments, contacts, pixel_graph, segmentations, superpixel_graph
from sppnet.proposals.superpixels import Nodes, Uints, edge_levels, pixels, superpixels
from tests.proposals.images import few_examples

ALL_TERMS = [terms for count in range(1, 5) for terms in combinations(TERMS, count)]


def values_of(*shape: int, seed: int = 0) -> Values:
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def blocks(seed: int, *, height: int = 12, width: int = 15, levels: int = 255) -> Regions:
    """Return blocks of 3 x 3 pixels, each of any of so many values."""
    numbers = np.arange(height // 3 * (width // 3)).reshape(height // 3, width // 3)
    values = values_of(height * width, 5, seed=seed) % np.uint8(levels)
    return regions_of(numbers.repeat(3, axis=0).repeat(3, axis=1), colours=values[:, :3], textures=values[:, 3:])


def regions_of(numbers: npt.NDArray[np.int64], *, colours: Values, textures: Values) -> Regions:
    """Return the regions of a map of numbers, of the colours and textures of its pixels."""
    segments = Segments(numbers.ravel().astype(np.uint32), neighbours(numbers))
    return describe(segments, pixels(*numbers.shape), colours=colours, textures=textures)


def segmented(seed: int, *, exact: bool) -> Regions:
    """Return about forty regions of a noisy image, many of which cross others at corners."""
    planes = (values_of(3, 20, 24, seed=seed) // 64 * np.int16(640)).astype(np.int16)
    levels = edge_levels(planes)
    nodes = pixels(20, 24) if exact else superpixels(planes, levels)
    graph = (
        pixel_graph(planes.astype(np.float32) / np.float32(32))
        if exact
        else superpixel_graph(nodes, contacts(nodes), levels)
    )
    (segments,) = segmentations(graph, [40], 8)
    values = values_of(len(nodes.sizes), 5, seed=seed)
    return describe(segments, nodes, colours=values[:, :3], textures=values[:, 3:])


def stripes(widths: list[int], greys: list[int]) -> Regions:
    """Return regions side by side, two pixels high, each of one grey."""
    numbers = np.repeat(np.arange(len(widths)), widths)[None].repeat(2, axis=0)
    colours = np.array(greys, np.uint8)[numbers].reshape(-1, 1)
    return regions_of(numbers, colours=colours, textures=colours[:, :0])


def random_segments(seed: int) -> tuple[Segments, Nodes, Values]:
    """Return up to five regions of twenty nodes, the nodes, which have any sizes and boxes, and their values."""
    rng = np.random.default_rng(seed)
    regions = np.unique(rng.integers(0, 5, 20), return_inverse=True)[1].astype(np.uint32)
    corners = rng.integers(0, 50, (20, 2))
    boxes = np.hstack([corners, corners + rng.integers(1, 20, (20, 2))]).astype(np.int32)
    nodes = Nodes(np.zeros((1, 1), np.uint32), rng.integers(1, 90, 20).astype(np.uint32), boxes)
    return Segments(regions, np.zeros((0, 2), np.uint32)), nodes, values_of(20, 5, seed=seed)


@few_examples
@given(seed=st.integers(0, 99))
def test_the_size_of_a_region_is_that_of_its_nodes(seed: int) -> None:
    segments, nodes, values = random_segments(seed)

    sizes = describe(segments, nodes, colours=values, textures=values[:, :0]).sizes

    np.testing.assert_array_equal(sizes, np.bincount(segments.regions, nodes.sizes))


@few_examples
@given(seed=st.integers(0, 99))
def test_the_box_of_a_region_holds_its_nodes(seed: int) -> None:
    segments, nodes, values = random_segments(seed)

    boxes = describe(segments, nodes, colours=values, textures=values[:, :0]).boxes

    members = [nodes.boxes[segments.regions == region] for region in range(len(boxes))]
    assert boxes.tolist() == [[*box[:, :2].min(axis=0), *box[:, 2:].max(axis=0)] for box in members]


@few_examples
@given(seed=st.integers(0, 99))
def test_a_node_counts_in_histograms_as_many_times_as_it_has_pixels(seed: int) -> None:
    segments, nodes, values = random_segments(seed)

    regions = describe(segments, nodes, colours=values[:, :3], textures=values[:, 3:])

    colours, slopes = 3 * COLOUR_BINS, 2 * TEXTURE_BINS
    np.testing.assert_array_equal(regions.colours[:, :colours], plain_histograms(segments, nodes, values[:, :3], 25))
    np.testing.assert_array_equal(regions.textures[:, :slopes], plain_histograms(segments, nodes, values[:, 3:], 10))
    assert not regions.colours[:, colours:].any() and not regions.textures[:, slopes:].any()


def test_the_ends_of_a_channel_fall_into_the_first_and_the_last_bin() -> None:
    colours = np.array([[0], [10], [11], [255]], np.uint8)

    regions = regions_of(np.zeros((2, 2), np.int64), colours=colours, textures=colours)

    assert np.flatnonzero(regions.colours[0]).tolist() == [0, 1, 24]  # of 256 / 25 = 10.24 values each
    assert regions.colours[0, [0, 1, 24]].tolist() == [2, 1, 1]
    assert regions.textures[0, [0, 9]].tolist() == [3, 1]


def test_regions_may_have_no_textures() -> None:
    assert stripes([2, 3], [0, 9]).textures.shape == (2, 0)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(
    regions=st.builds(blocks, st.integers(0, 99), levels=st.sampled_from([1, 255]))
    | st.builds(segmented, st.integers(0, 99), exact=st.booleans()),
    terms=st.sampled_from(ALL_TERMS),
)
def test_the_hierarchy_of_any_regions_is_that_of_the_paper(regions: Regions, terms: tuple[str, ...]) -> None:
    assert group(regions, terms=terms).tolist() == plain_group(regions, terms)


def test_equally_similar_pairs_merge_by_their_numbers() -> None:
    regions = stripes([1, 1, 1, 1], [0, 0, 0, 0])

    boxes = group(regions, terms=["colour"])

    assert boxes[4:].tolist() == [[0, 0, 2, 2], [2, 0, 4, 2], [0, 0, 4, 2]]


def test_a_single_region_is_the_whole_hierarchy() -> None:
    assert group(stripes([5], [0]), terms=TERMS).tolist() == [[0, 0, 5, 2]]


def test_two_regions_merge_into_the_whole_image() -> None:
    assert group(stripes([5, 1], [0, 255]), terms=TERMS).tolist() == [[0, 0, 5, 2], [5, 0, 6, 2], [0, 0, 6, 2]]


def test_the_given_regions_come_first_and_the_whole_image_last() -> None:
    regions = blocks(0)

    boxes = group(regions, terms=TERMS)

    assert boxes.shape == (2 * 20 - 1, 4)
    assert boxes[:20].tolist() == regions.boxes.tolist()
    assert boxes[-1].tolist() == [0, 0, 15, 12]


def test_small_regions_merge_first() -> None:
    boxes = group(stripes([6, 4, 1, 2], [0, 0, 0, 0]), terms=["size"])

    assert boxes[4:].tolist() == [[10, 0, 13, 2], [6, 0, 13, 2], [0, 0, 13, 2]]


def test_regions_of_one_colour_merge_first() -> None:
    boxes = group(stripes([3, 3, 3, 3], [0, 200, 200, 0]), terms=["colour"])

    assert boxes[4:].tolist() == [[3, 0, 9, 2], [0, 0, 9, 2], [0, 0, 12, 2]]


def test_regions_of_one_texture_merge_first() -> None:
    regions = stripes([3, 3, 3], [0, 200, 200])
    textured = regions._replace(textures=regions.colours)

    assert group(textured, terms=["texture"])[3].tolist() == [3, 0, 9, 2]


def test_regions_that_fit_into_each_other_merge_first() -> None:
    numbers = np.array([[0, 0, 0, 1], [0, 2, 2, 1], [0, 0, 0, 1], [3, 3, 3, 3]])
    plain = np.zeros((16, 1), np.uint8)

    boxes = group(regions_of(numbers, colours=plain, textures=plain[:, :0]), terms=["fill"])

    assert boxes[4].tolist() == [0, 0, 3, 3]


def test_the_given_regions_stay_as_they_are() -> None:
    regions = blocks(0)

    group(regions, terms=TERMS)

    assert [array.tolist() for array in regions] == [array.tolist() for array in blocks(0)]


def neighbours(numbers: npt.NDArray[np.int64]) -> Uints:
    """Return the pairs of different numbers that touch along a side."""
    sides = [(numbers[:, :-1], numbers[:, 1:]), (numbers[:-1], numbers[1:])]
    pairs = np.concatenate([np.stack([first.ravel(), second.ravel()], axis=1) for first, second in sides])
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    return np.unique(pairs, axis=0).astype(np.uint32)


def plain_histograms(segments: Segments, nodes: Nodes, values: Values, bins: int) -> npt.NDArray[np.int64]:
    histograms = np.zeros((int(segments.regions.max()) + 1, values.shape[1], bins), np.int64)
    for region, size, channels in zip(segments.regions, nodes.sizes, values.tolist(), strict=True):
        for channel, value in enumerate(channels):
            histograms[region, channel, value * bins // 256] += size
    return histograms.reshape(len(histograms), -1)


def plain_group(regions: Regions, terms: tuple[str, ...]) -> list[list[int]]:
    sizes: list[int] = regions.sizes.tolist()
    boxes: list[list[int]] = regions.boxes.tolist()
    colours, textures = regions.colours.astype(int), regions.textures.astype(int)
    histograms = {"colour": list(colours), "texture": list(textures)}
    share = ONE / sum(sizes)
    similarities: dict[tuple[int, ...], int] = {}

    def union(a: int, b: int) -> list[int]:
        return [*map(min, boxes[a][:2], boxes[b][:2]), *map(max, boxes[a][2:], boxes[b][2:])]

    def overlap(first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> int:
        return int(np.minimum(first * ONE // first.sum(), second * ONE // second.sum()).sum())

    def similarity(a: int, b: int) -> int:
        x1, y1, x2, y2 = union(a, b)
        size = sizes[a] + sizes[b]
        values = {
            "colour": overlap(histograms["colour"][a], histograms["colour"][b]),
            "texture": overlap(histograms["texture"][a], histograms["texture"][b]),
            "size": ONE - int(size * share),
            "fill": ONE - int(((x2 - x1) * (y2 - y1) - size) * share),
        }
        return sum(values[term] for term in terms)

    def add(pairs: set[tuple[int, ...]]) -> None:
        similarities.update({pair: similarity(*pair) for pair in pairs if pair not in similarities})

    add(set(map(tuple, regions.pairs.tolist())))
    while similarities:
        a, b = min(similarities, key=lambda pair: (-similarities[pair], pair))
        new = len(sizes)
        sizes.append(sizes[a] + sizes[b])
        boxes.append(union(a, b))
        for of_regions in histograms.values():
            of_regions.append(of_regions[a] + of_regions[b])
        touching = {pair for pair in similarities if {a, b} & set(pair)}
        add({(other, new) for pair in touching for other in pair if other not in (a, b)})
        similarities = {pair: value for pair, value in similarities.items() if pair not in touching}
    return boxes
