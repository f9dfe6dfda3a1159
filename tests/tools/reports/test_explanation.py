"""Tests of the picture and the lines of an explanation, made by hand."""

import io
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from sppnet.detector import Explanation
from sppnet.detector.explaining.pooled import Level, Pooled, PooledView
from sppnet.detector.explaining.reasons import Reason
from sppnet.detector.files.examples import Neighbour
from sppnet.tools.reports.explanation import DOTS, HEIGHT, WIDTH, _heat, lines, picture

IMAGE = np.full((60, 80, 3), 120, np.uint8)
HALVES = np.array([[10, 10, 30, 30], [30, 10, 50, 30], [10, 30, 30, 50], [30, 30, 50, 50]], np.float32)
BOX = np.array([10, 10, 50, 50], np.float32)
PARTS = (np.array([2.0]), np.array([1.0, -1.0, 0.5, 0.0]))


def view(name: str = "window") -> PooledView:
    levels = (
        Level(1, np.array([[0, 0, 2, 2]], np.int32), BOX[None], np.ones(1, np.float32)),
        Level(2, np.zeros((4, 4), np.int32), HALVES, np.ones(4, np.float32)),
    )
    return PooledView(name, "stage6", 16, 3, (4, 5), np.array([0, 0, 2, 2], np.int32), BOX, levels)


def explained() -> Explanation:
    best = Reason(0, "cat", 0.75, 3.5, "background", 1.2, -0.2, (PARTS,))
    second = Reason(1, "dog", 0.1, -2.0, "background", -3.0, -1.5, (PARTS,))
    pooled = Pooled(BOX, 600, (view(),), np.zeros(15, np.float32))
    return Explanation(best, second, pooled, BOX, np.zeros(4, np.float32), BOX + 1, exact=True, object=0)


def size(png: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(png)).size


def test_lines_name_every_term() -> None:
    assert lines(explained()) == [
        "cat 0.75, margin 3.50, seen at short side 600",
        "  window on stage6   +2.500  2 x 2 cells of stride 16, levels 1, 2",
        "  bias               +1.200",
        "  rivals             -0.200",
        "second best: dog 0.10, margin -2.00",
        "  window on stage6 +2.50, bias -3.00, rivals -1.50",
        "regression moves the window 10.0 10.0 50.0 50.0 to 11.0 11.0 51.0 51.0",
        "the parts add up to the margin within 0",
    ]


def of_svms() -> Explanation:
    best = replace(explained().best, against="zero", rivals=0.0)
    return replace(explained(), best=best, second=replace(best, name="dog", bias=-3.0))


def test_svms_have_no_rivals() -> None:
    found = lines(of_svms())

    assert found[3:5] == ["second best: dog 0.75, margin 3.50", "  window on stage6 +2.50, bias -3.00"]
    assert not [line for line in found if "rivals" in line]


def test_a_class_alone_has_no_second() -> None:
    assert not [line for line in lines(replace(explained(), second=None)) if "second" in line]


def test_lines_tell_what_is_not_exact_and_what_is_near() -> None:
    found = lines(
        replace(explained(), exact=False, neighbours=(Neighbour("cow", 0.5, b""), Neighbour("cat", 1.25, b"")))
    )

    assert found[-2:] == [
        "nearest training examples, by distance, 1 on average: cow 0.50, cat 1.25",
        "fully connected layers lie between: parts are slopes times values, not exact",
    ]


def test_heat_is_what_a_view_would_add_if_all_of_it_were_so() -> None:
    heat = _heat(view(), PARTS, IMAGE.shape)

    assert heat[20, [20, 40]].tolist() == [2 + 4 * 1, 2 - 4 * 1]
    assert heat[40, [20, 40]].tolist() == [2 + 4 * 0.5, 2]
    assert np.isnan(heat[5, 5]) and np.isfinite(heat).sum() == 40 * 40
    assert np.nansum(heat) / 40**2 == sum(part.sum() for part in PARTS)


def test_where_bins_of_a_level_overlap_heat_is_their_mean() -> None:
    boxes = HALVES.copy()
    boxes[0, 2] = boxes[2, 2] = 40
    wider = replace(view(), levels=(replace(view().levels[1], boxes=boxes),))

    heat = _heat(wider, (PARTS[1] * 0 + 1.0,), IMAGE.shape)

    wide, narrow = 1600 / 600, 1600 / 400
    assert heat[20, [20, 35, 45]].tolist() == pytest.approx([wide, (wide + narrow) / 2, narrow])


def test_the_picture_is_one_png_with_or_without_examples() -> None:
    crop = cv2.imencode(".jpg", IMAGE)[1].tobytes()
    near = replace(of_svms(), neighbours=(Neighbour("cow", 0.5, crop), Neighbour("cat", 1.25, crop)))

    plain, beside = (picture(IMAGE, each) for each in (explained(), near))

    assert size(plain) == size(beside) == (round(WIDTH * DOTS), round(HEIGHT * DOTS))
    assert plain != beside


def test_a_view_that_covers_no_pixel_is_drawn_empty() -> None:
    assert picture(IMAGE[:5, :5], replace(explained(), second=None, object=None))
