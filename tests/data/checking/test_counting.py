"""Suspicions that pixels were counted otherwise than the format counts them."""

import numpy as np
import pytest

from sppnet.data.checking.counting import EdgeCounts, as_array


def suspected(boxes: list[tuple[int, int, int, int]], from_one: bool) -> list[str]:
    counts = EdgeCounts()
    counts.add(as_array(boxes * 5), (40, 30))
    return [finding.fault for finding in counts.suspicions("data", from_one)]


@pytest.mark.parametrize("from_one", [True, False])
def test_edges_where_the_format_has_them_are_not_suspected(from_one: bool) -> None:
    assert suspected([(0, 0, 40, 30), (1, 1, 39, 29)], from_one) == []


def test_zeros_among_pixels_counted_from_1_are() -> None:
    [fault] = suspected([(-1, 3, 9, 9)], from_one=True)

    assert fault.startswith("5 edges are at 0")


def test_boxes_that_never_reach_the_far_edges_are() -> None:
    [fault] = suspected([(0, 3, 39, 9)], from_one=False)

    assert "none at the right or bottom one, 5 a pixel before" in fault


def test_boxes_that_never_reach_the_near_edges_are() -> None:
    [fault] = suspected([(1, 3, 40, 9)], from_one=False)

    assert fault.startswith("no edge is at the left or top edge, 5 a pixel beside")


def test_no_boxes_are_not() -> None:
    counts = EdgeCounts()
    counts.add(np.zeros((0, 4)), (40, 30))

    assert list(counts.suspicions("data", True)) == []
