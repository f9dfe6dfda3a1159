"""Tests of where labels go: inside the image, beside each other."""

import itertools

import numpy as np
import pytest

from sppnet.detector.face.placing import place_labels

SIZE = (40, 10)


def shared(first: tuple[int, int], second: tuple[int, int]) -> int:
    """Return the pixels that two labels of SIZE share."""
    width, height = (max(0, side - abs(a - b)) for side, a, b in zip(SIZE, first, second, strict=True))
    return width * height


def test_a_label_stands_above_its_box() -> None:
    assert place_labels([SIZE], [(20, 30, 70, 80)], 200, 100) == [(20, 20)]


def test_where_the_image_ends_above_a_label_stands_inside_its_box() -> None:
    assert place_labels([SIZE], [(20, 4, 70, 80)], 200, 100) == [(20, 4)]


def test_a_label_is_pushed_back_into_the_image() -> None:
    assert place_labels([SIZE], [(180, 30, 200, 80)], 200, 100) == [(160, 20)]


def test_the_second_of_two_labels_of_one_place_makes_way() -> None:
    first, second = place_labels([SIZE] * 2, [(20, 30, 70, 80)] * 2, 200, 100)

    assert first == (20, 20)
    assert second == (20, 30)  # inside the upper edge


def test_labels_of_boxes_side_by_side_at_the_upper_edge_do_not_cover_each_other() -> None:
    boxes = [(left, 0, left + 25, 60) for left in range(0, 200, 25)]

    places = place_labels([SIZE] * 8, boxes, 200, 100)

    assert sum(shared(a, b) for a, b in itertools.combinations(places, 2)) == 0


def test_a_hundred_labels_stay_inside_the_image_and_are_the_same_again() -> None:
    random = np.random.default_rng(0)
    corners = random.uniform(0, 900, (100, 2))
    boxes = np.hstack([corners, corners + random.uniform(5, 100, (100, 2))]).tolist()

    places = place_labels([SIZE] * 100, boxes, 1000, 1000)

    assert all(0 <= x <= 960 and 0 <= y <= 990 for x, y in places)
    assert sum(shared(a, b) for a, b in itertools.combinations(places, 2)) == 0
    assert places == place_labels([SIZE] * 100, boxes, 1000, 1000)


@pytest.mark.parametrize("image", [(1, 1), (30, 8)])
def test_a_label_larger_than_the_image_begins_in_its_corner(image: tuple[int, int]) -> None:
    assert place_labels([SIZE], [(0, 0, 1, 1)], *image) == [(0, 0)]


def test_no_labels_have_no_places() -> None:
    assert place_labels([], [], 10, 10) == []
