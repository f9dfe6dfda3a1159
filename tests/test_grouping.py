"""Grouping against a plain reading of the paper, and on regions whose order of merging is plain to see."""

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest

from proposals.grouping import COLOUR_BINS, ONE, TERMS, TEXTURE_BINS, Regions, describe, group
from proposals.segmentation import Uints

ALL_TERMS = [terms for count in range(1, 5) for terms in combinations(TERMS, count)]


def random_regions(seed: int, *, height: int = 12, width: int = 15) -> Regions:
    """Return regions of a random image; the 3x3 blocks of its region map make them connected."""
    rng = np.random.default_rng(seed)
    blocks = np.arange(height // 3 * (width // 3)).reshape(height // 3, width // 3)
    numbers = blocks.repeat(3, axis=0).repeat(3, axis=1).astype(np.uint32)
    colours = rng.integers(0, 256, (3, height, width)).astype(np.uint8)
    textures = rng.integers(0, 256, (2, height, width)).astype(np.uint8)
    return describe(numbers, neighbours(numbers), colours=colours, textures=textures)


def stripes(widths: list[int], greys: list[int]) -> Regions:
    """Return regions side by side, two pixels high, each of one grey."""
    numbers = np.repeat(np.arange(len(widths)), widths)[None].repeat(2, axis=0).astype(np.uint32)
    colours = np.array(greys, np.uint8)[numbers][None]
    return describe(numbers, neighbours(numbers), colours=colours, textures=colours[:0])


@pytest.mark.parametrize("seed", range(3))
def test_regions_have_their_size_box_and_histograms(seed: int) -> None:
    rng = np.random.default_rng(seed)
    numbers = np.unique(rng.integers(0, 5, (6, 7)), return_inverse=True)[1].astype(np.uint32)
    colours = rng.integers(0, 256, (3, 6, 7)).astype(np.uint8)

    regions = describe(numbers, neighbours(numbers), colours=colours, textures=colours[:2])

    np.testing.assert_array_equal(regions.sizes, np.bincount(numbers.ravel()))
    np.testing.assert_array_equal(regions.boxes, [plain_box(numbers == number) for number in range(numbers.max() + 1)])
    np.testing.assert_array_equal(regions.colours, plain_histograms(numbers, colours, COLOUR_BINS))
    np.testing.assert_array_equal(regions.textures, plain_histograms(numbers, colours[:2], TEXTURE_BINS))


@pytest.mark.parametrize("terms", ALL_TERMS)
@pytest.mark.parametrize("seed", range(5))
def test_the_hierarchy_is_that_of_the_paper(seed: int, terms: tuple[str, ...]) -> None:
    regions = random_regions(seed)

    np.testing.assert_array_equal(group(regions, terms=terms), plain_group(regions, terms))


def test_a_single_region_is_the_whole_hierarchy() -> None:
    np.testing.assert_array_equal(group(stripes([5], [0]), terms=TERMS), [[0, 0, 5, 2]])


def test_the_whole_image_comes_last() -> None:
    boxes = group(random_regions(0), terms=TERMS)

    assert boxes.shape == (2 * 20 - 1, 4)
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
    numbers = np.array([[0, 0, 0, 1], [0, 2, 2, 1], [0, 0, 0, 1], [3, 3, 3, 3]], np.uint32)
    plain = np.zeros((1, 4, 4), np.uint8)
    regions = describe(numbers, neighbours(numbers), colours=plain, textures=plain[:0])

    assert group(regions, terms=["fill"])[4].tolist() == [0, 0, 3, 3]


def neighbours(numbers: Uints) -> Uints:
    """Return the pairs of different numbers that touch along a side."""
    sides = [(numbers[:, :-1], numbers[:, 1:]), (numbers[:-1], numbers[1:])]
    pairs = np.concatenate([np.stack([first.ravel(), second.ravel()], axis=1) for first, second in sides])
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    return np.unique(pairs, axis=0).astype(np.uint32)


def plain_box(mask: npt.NDArray[np.bool_]) -> list[int]:
    ys, xs = np.nonzero(mask)
    return [int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1]


def plain_histograms(numbers: Uints, planes: npt.NDArray[np.uint8], bins: int) -> list[npt.NDArray[np.int64]]:
    binned = planes.astype(int) * bins // 256
    masks = [numbers == number for number in range(numbers.max() + 1)]
    return [np.concatenate([np.bincount(plane[mask], minlength=bins) for plane in binned]) for mask in masks]


def plain_group(regions: Regions, terms: tuple[str, ...]) -> list[list[int]]:
    sizes: list[int] = regions.sizes.tolist()
    boxes: list[list[int]] = regions.boxes.tolist()
    colours, textures = regions.colours.astype(int).tolist(), regions.textures.astype(int).tolist()
    pixels = sum(sizes)
    pairs = {tuple(pair) for pair in regions.pairs.tolist()}

    def union(a: int, b: int) -> list[int]:
        return [*map(min, boxes[a][:2], boxes[b][:2]), *map(max, boxes[a][2:], boxes[b][2:])]

    def overlap(first: list[int], second: list[int]) -> int:
        shares = ([count * ONE // sum(histogram) for count in histogram] for histogram in (first, second))
        return sum(map(min, *shares))

    def similarity(pair: tuple[int, ...]) -> int:
        a, b = pair
        x1, y1, x2, y2 = union(a, b)
        size = sizes[a] + sizes[b]
        values = {
            "colour": overlap(colours[a], colours[b]),
            "texture": overlap(textures[a], textures[b]),
            "size": ONE - size * ONE // pixels,
            "fill": ONE - ((x2 - x1) * (y2 - y1) - size) * ONE // pixels,
        }
        return sum(values[term] for term in terms)

    while pairs:
        a, b = min(pairs, key=lambda pair: (-similarity(pair), pair))
        new = len(sizes)
        sizes.append(sizes[a] + sizes[b])
        boxes.append(union(a, b))
        colours.append([p + q for p, q in zip(colours[a], colours[b], strict=True)])
        textures.append([p + q for p, q in zip(textures[a], textures[b], strict=True)])
        renamed = (tuple(sorted(new if number in (a, b) else number for number in pair)) for pair in pairs)
        pairs = {pair for pair in renamed if pair[0] != pair[1]}
    return boxes
