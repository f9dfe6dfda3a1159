"""The rules for names, boxes and numbers in files, and which picture an annotation fits."""

import pytest

from sppnet.data import DataError
from sppnet.data.formats.things import Annotation, Thing, check_picture, checked, clipped, cut, edges_around
from sppnet.data.unchecked import Box


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


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((2, 3, 21, 12), ((2, 3, 20, 12), False)),  # one pixel of rounding
        ((2, 3, 21.5, 12), ((2, 3, 20, 12), True)),
        ((20, 3, 30, 12), (None, True)),
    ],
)
def test_a_box_is_cut_at_the_borders(box: Box, expected: tuple[Box | None, bool]) -> None:
    assert cut(box, (20, 30)) == expected


INFINITE = float("inf")
EDGE = ("dog", (1.0, 2.0, 21.0, 12.0), False)


@pytest.mark.parametrize("size", [(20, 30), (INFINITE, 30), (INFINITE, INFINITE)])
def test_an_annotation_fits_a_picture_up_to_the_rounding(size: tuple[float, float]) -> None:
    check_picture(Annotation(size, [EDGE]), (20, 30))


@pytest.mark.parametrize(
    ("size", "picture", "rule"),
    [
        ((30, 20), (20, 30), "size must be that of the upright picture, 20 x 30 pixels, got 30 x 20"),
        ((INFINITE, 20), (20, 30), r"20 x 30 pixels, got \? x 20"),
        ((INFINITE, INFINITE), (19, 30), r"object dog: .* inside the image of 19 x 30 pixels, got x 1 to 21"),
        ((INFINITE, INFINITE), (30, 10), r"object dog: .* inside the image of 30 x 10 pixels, .* y 2 to 12"),
    ],
)
def test_an_annotation_of_another_picture_is_refused(
    size: tuple[float, float], picture: tuple[int, int], rule: str
) -> None:
    with pytest.raises(DataError, match=rule):
        check_picture(Annotation(size, [EDGE]), picture)
