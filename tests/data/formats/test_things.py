"""The rules for names, boxes and numbers in files."""

import pytest

from sppnet.data import DataError
from sppnet.data.formats.things import Thing, checked, clipped, edges_around


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\0"])
def test_names_of_classes_are_printable(name: str) -> None:
    with pytest.raises(DataError, match="class name of printable characters"):
        checked(Thing(name, (0, 0, 1, 1)), None)


@pytest.mark.parametrize("edge", [float("nan"), float("inf"), 2e6])
def test_edges_are_finite_and_not_enormous(edge: float) -> None:
    with pytest.raises(DataError, match="edges must be finite and at most 1,000,000"):
        checked(Thing("a", (0, 0, edge, 1)), None)


def test_spaces_around_a_name_do_not_count() -> None:
    assert checked(Thing(" traffic light ", (0, 0, 1, 1)), ["traffic light"]).name == "traffic light"


def test_boxes_by_hand() -> None:
    assert clipped((-1, 2, 30, 4), (20, float("inf"))) == (0, 2, 20, 4)
    assert edges_around([(3, 9), (1, 2), (5, 4)]) == (1, 2, 5, 9)
