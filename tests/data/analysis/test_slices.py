"""Results by kind of object, computed by hand."""

import math

import numpy as np
import pytest

from sppnet.data.analysis.pairs import all_pairs
from sppnet.data.analysis.slices import Slice, slices

from ..scoring.test_metrics import found, target

SMALL, TALL, LARGE = (0, 0, 20, 20), (100, 0, 120, 60), (200, 0, 400, 200)


def by_name(found: list[Slice]) -> dict[tuple[str, str], Slice]:
    return {(each.by, each.name): each for each in found}


def results() -> dict[tuple[str, str], Slice]:
    """A small object that is found, a tall one that is not, a false alarm of large size, a large difficult object."""
    shown = found([SMALL, (500, 500, 700, 700)], [0.5, 0.9])
    pairs = all_pairs([shown], [target([SMALL, TALL, LARGE], [False, False, True])], 1)
    return by_name(slices(pairs, 1, np.array([0.9, 0.5, 0.0])))


def test_false_alarms_of_another_size_do_not_count() -> None:
    assert results()["size", "small"][2:] == (1, 1, 1, 1)


def test_an_object_that_is_not_found_lowers_its_kind_only() -> None:
    assert results()["size", "medium"][2:] == results()["aspect", "very tall, below 1:2"][2:] == (1, 0, 0, 1)


def test_difficult_objects_are_of_no_kind() -> None:
    large = results()["size", "large"]

    assert large.objects == 0 and math.isnan(large.precision)


def test_all_false_alarms_of_an_image_count_by_its_number_of_objects() -> None:
    assert results()["number", "2 or 3"][2:] == pytest.approx(
        (2, 1 / 4, 1 / 2, 1)
    )  # right at place two, of two objects


def test_without_windows_there_is_no_ceiling() -> None:
    assert {each.ceiling for each in slices(all_pairs([found([], [])], [target([SMALL])], 1), 1, None)} == {None}
