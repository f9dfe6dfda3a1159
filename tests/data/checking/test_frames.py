"""Frames of boxes: every EXIF orientation as Pillow turns it, and what sizes that do not match mean."""

import math

import numpy as np
import pytest
from PIL import Image, ImageOps

from sppnet.data.checking.frames import frame_of, turned

BOX = (1.0, 2.0, 4.0, 3.0)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_turn_as_pillow_turns_pictures(orientation: int) -> None:
    pixels = np.zeros((6, 9), np.uint8)
    pixels[2:3, 1:4] = 255
    lying = Image.fromarray(pixels)
    lying.getexif()[0x0112] = orientation
    upright = np.asarray(ImageOps.exif_transpose(lying))
    rows, columns = np.nonzero(upright)

    box = turned(BOX, upright.shape[::-1], orientation)

    assert box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


@pytest.mark.parametrize("told", [(90, 60), (math.inf, math.inf), (90, math.inf)])
def test_nothing_is_wrong_with_a_size_that_is_right_or_not_told(told: tuple[float, float]) -> None:
    assert frame_of(told, (90, 60), 1, [BOX]).kind == ""


def test_a_size_that_is_wrong_by_a_pixel_moves_no_box() -> None:
    frame = frame_of((90, 61), (90, 60), 1, [BOX])

    assert frame.kind == "wrong-size"
    assert frame.move is not None and frame.move(BOX) == BOX


def test_boxes_that_fit_only_the_exchanged_size_cannot_be_placed() -> None:
    frame = frame_of((60, 90), (90, 60), 1, [(0, 70, 9, 90)])

    assert (frame.kind, frame.move) == ("swapped-size", None)


def test_no_boxes_fit_everywhere() -> None:
    assert frame_of((60, 90), (90, 60), 1, []).mended == "size 90 x 60"
