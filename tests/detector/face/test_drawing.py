"""Tests of drawn detections."""

import numpy as np

from sppnet.detector.face.drawing import class_colour, draw

GREY = np.full((100, 150, 3), 128, np.uint8)


def test_the_border_lies_inside_the_box() -> None:
    drawn = np.asarray(draw(GREY, [(40, 50, 60, 70)], [""], [3]))

    assert tuple(drawn[60, 40]) == tuple(drawn[69, 50]) == class_colour(3)
    assert tuple(drawn[60, 39]) == tuple(drawn[70, 50]) == (128, 128, 128)


def test_the_image_itself_stays_as_it_was() -> None:
    before = GREY.copy()

    draw(GREY, [(40, 50, 60, 70)], ["cat 0.5"], [0])

    np.testing.assert_array_equal(GREY, before)


def test_nothing_found_draws_nothing() -> None:
    np.testing.assert_array_equal(draw(GREY, [], [], []), GREY)


def test_a_box_of_the_smallest_image_can_be_drawn() -> None:
    assert draw(GREY[:1, :1], [(0, 0, 1, 1)], ["cat 0.5"], [0]).size == (1, 1)


def test_a_caption_beyond_ascii_can_be_read() -> None:
    drawn = [draw(GREY, [(5, 50, 60, 70)], [caption], [3]).tobytes() for caption in ("é", "ж", "\uffff", "猫")]

    assert len(set(drawn)) == 4


def test_the_first_twenty_classes_have_different_colours() -> None:
    assert len({class_colour(label) for label in range(20)}) == 20
