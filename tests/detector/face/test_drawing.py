"""Tests of drawn detections."""

import numpy as np

from sppnet.detector.face.colours import class_colour
from sppnet.detector.face.drawing import draw

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


def test_a_caption_that_is_wider_than_the_image_is_cut_off() -> None:
    long, longer = (draw(GREY, [(5, 50, 60, 70)], ["w" * length], [3]).tobytes() for length in (40, 50))

    assert long == longer


def test_labels_of_one_place_are_all_drawn() -> None:
    drawn = np.asarray(draw(GREY, [(5, 50, 100, 80)] * 2, ["cat 0.9", "dog 0.8"], [3, 4]))

    assert all((drawn == class_colour(label)).all(axis=2).sum() > 300 for label in (3, 4))


def test_no_line_of_a_box_runs_through_a_label() -> None:
    alone = np.asarray(draw(GREY, [(5, 50, 100, 80)], ["cat"], [3]))
    crossed = np.asarray(draw(GREY, [(5, 50, 100, 80), (2, 40, 140, 95)], ["cat", ""], [3, 4]))

    label = np.s_[34:48, 6:20]
    np.testing.assert_array_equal(crossed[label], alone[label])


def test_letters_and_lines_grow_with_the_image() -> None:
    black = [np.zeros((side, side, 3), np.uint8) for side in (600, 1800)]
    drawn = [np.asarray(draw(image, [(0, 0, *image.shape[:2])], ["cat"], [1])) for image in black]

    assert [np.count_nonzero(image[len(image) // 2, :, 1]) for image in drawn] == [
        4,
        12,
    ]  # both sides of the box, of 2 and of 6 pixels
