"""Boxes of one image: what is left of them."""

from sppnet.data.checking.boxes import fitted
from sppnet.data.formats.things import Thing


def test_a_pixel_outside_is_clipped_in_silence() -> None:
    _, things, findings = fitted(["a"], [Thing("dog", (-1, 0, 40.5, 30))], (40, 30))

    assert (things[0].box, findings) == ((0, 0, 40, 30), [])


def test_of_three_that_are_one_the_first_is_left() -> None:
    things = [Thing("dog", (0, 0, 30, 30)), Thing("dog", (0, 0, 30, 29.9)), Thing("dog", (0, 0, 29.9, 30))]

    places, left, findings = fitted(["a", "b", "c"], things, (40, 30))

    assert (places, left, [finding.place for finding in findings]) == (["a"], things[:1], ["b", "c"])


def test_neighbours_of_one_class_are_two() -> None:
    things = [Thing("dog", (0, 0, 30, 30)), Thing("dog", (1, 0, 31, 30))]

    assert fitted(["a", "b"], things, (40, 30))[1] == things


def test_no_objects_are_none() -> None:
    assert fitted([], [], (40, 30)) == ([], [], [])
