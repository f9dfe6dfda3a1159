"""Windows to cells and scales: the golden values of the paper and of the release."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sppnet.detector.errors import InputError
from sppnet.detector.pooling.projection import (
    PAPER_SCALES,
    RELEASE_SCALES,
    Preset,
    cell_boxes,
    choose_scales,
    window_cells,
)

NONE = np.zeros((0, 4), np.float32)


def from_inclusive(*box: float) -> npt.NDArray[np.float32]:
    """Return a 1-based inclusive box of the release in the outer-edge frame."""
    return (np.array([box]) - [1, 1, 0, 0]).astype(np.float32)


def paper_cells(windows: npt.NDArray[np.float32], map_size: tuple[int, int] = (60, 60)) -> npt.NDArray[np.int32]:
    return window_cells(
        windows, image_size=(1000, 1000), scale=1000, stride=16, first_centre=0, map_size=map_size, preset="paper"
    )


def release_cells(
    windows: npt.NDArray[np.float32],
    map_size: tuple[int, int] = (45, 60),
    stride: int = 16,
    offset0: float = 21,
) -> npt.NDArray[np.int32]:
    return window_cells(
        windows,
        image_size=(1000, 1000),
        scale=1000,
        stride=stride,
        first_centre=offset0 - 1,
        map_size=map_size,
        preset="release",
    )


def literal_release(window: npt.NDArray[np.float64], stride: int, offset0: float, limit: int) -> tuple[int, int]:
    """Return the first and last cell (1-based) of a 1-based inclusive interval, as the release writes it."""
    left = int(np.floor((window[0] - offset0 + 6.5) / stride + 0.5) + 1)
    right = int(np.ceil((window[1] - offset0 - 6.5) / stride - 0.5) + 1)
    if left > right:
        left = right = int((left + right) / 2)
    return min(max(left, 1), limit), min(max(right, 1), limit)


def random_inclusive(seed: int, count: int) -> npt.NDArray[np.float64]:
    corners = np.random.default_rng(seed).integers(-50, 1100, (count, 2, 2))
    return np.hstack([corners.min(1), corners.max(1)]).astype(np.float64)


def test_the_paper_maps_the_whole_224_image_onto_cells_1_to_13() -> None:
    np.testing.assert_array_equal(paper_cells(np.array([[0, 0, 224, 224]], np.float32)), [[1, 1, 14, 14]])


def test_the_paper_maps_its_second_golden_window() -> None:
    np.testing.assert_array_equal(paper_cells(from_inclusive(100, 50, 300, 400)), [[7, 4, 19, 25]])


@pytest.mark.parametrize(
    ("box", "map_size", "cells"),
    [
        ((1, 1, 224, 224), (13, 13), (1, 1, 13, 13)),
        ((100, 50, 300, 400), (45, 60), (6, 3, 18, 24)),
        ((120, 120, 125, 125), (45, 60), (7, 7, 7, 7)),
        ((1, 1, 5, 5), (45, 60), (1, 1, 1, 1)),
    ],
)
def test_the_release_maps_its_golden_windows(
    box: tuple[int, ...], map_size: tuple[int, int], cells: tuple[int, ...]
) -> None:
    found = release_cells(from_inclusive(*box), map_size)

    np.testing.assert_array_equal(found, from_inclusive(*cells))


@pytest.mark.parametrize(("stride", "offset0"), [(16, 21), (12, 15), (8, 4)])
def test_the_release_rule_equals_its_literal_form_at_any_stride(stride: int, offset0: int) -> None:
    boxes = random_inclusive(seed=stride, count=2000)
    expected_x = [literal_release(box, stride, offset0, 60) for box in boxes[:, [0, 2]]]
    expected_y = [literal_release(box, stride, offset0, 45) for box in boxes[:, [1, 3]]]

    found = release_cells((boxes - [1, 1, 0, 0]).astype(np.float32), stride=stride, offset0=offset0)

    np.testing.assert_array_equal(found[:, [0, 2]] + [1, 0], expected_x)
    np.testing.assert_array_equal(found[:, [1, 3]] + [1, 0], expected_y)


@pytest.mark.parametrize(("stride", "offset0", "tau"), [(16, 21, 1.5), (12, 15, -0.5)])
def test_the_release_keeps_the_cells_whose_centre_is_in_the_widened_window(
    stride: int, offset0: int, tau: float
) -> None:
    boxes = random_inclusive(seed=0, count=20_000)
    centres = offset0 + stride * np.arange(60)
    inside = (boxes[:, :1] - tau < centres) & (centres < boxes[:, 2:3] + tau)
    some = inside.any(axis=1)

    found = release_cells((boxes - [1, 1, 0, 0]).astype(np.float32), (60, 60), stride, offset0)

    np.testing.assert_array_equal(found[some, 0], inside[some].argmax(axis=1))
    np.testing.assert_array_equal(found[some, 2] - found[some, 0], inside[some].sum(axis=1))


@pytest.mark.parametrize("first_centre", [0.0, 7.0, 15.0])
def test_the_paper_keeps_the_cells_whose_centre_is_strictly_inside(first_centre: float) -> None:
    boxes = random_inclusive(seed=1, count=20_000)
    centres = first_centre + 16 * np.arange(60)
    inside = (boxes[:, :1] - 1 < centres) & (centres < boxes[:, 2:3] - 1)
    some = inside.any(axis=1)

    found = window_cells(
        (boxes - [1, 1, 0, 0]).astype(np.float32),
        image_size=(1000, 1000),
        scale=1000,
        stride=16,
        first_centre=first_centre,
        map_size=(60, 60),
    )

    np.testing.assert_array_equal(found[some, 0], inside[some].argmax(axis=1))
    np.testing.assert_array_equal(found[some, 2] - found[some, 0], inside[some].sum(axis=1))


@pytest.mark.parametrize("preset", ["paper", "release"])
@given(box=st.tuples(*[st.floats(-1e6, 1e6, width=32)] * 4), size=st.tuples(*[st.integers(1, 50)] * 2))
def test_every_window_has_a_cell_inside_the_map(preset: Preset, box: tuple[float, ...], size: tuple[int, int]) -> None:
    [[x1, y1, x2, y2]] = window_cells(
        np.array([box], np.float32),
        image_size=(1, 300),
        scale=600,
        stride=16,
        first_centre=7,
        map_size=size,
        preset=preset,
    )

    assert 0 <= x1 < x2 <= size[1]
    assert 0 <= y1 < y2 <= size[0]


def test_a_window_follows_the_scale_of_the_image() -> None:
    window = np.array([[50, 25, 151, 201]], np.float32)

    small = window_cells(
        window, image_size=(301, 401), scale=601, stride=16, first_centre=0, map_size=(60, 60), preset="paper"
    )

    np.testing.assert_array_equal(small, paper_cells(np.array([[100, 50, 301, 401]], np.float32)))


def test_no_windows_cover_no_cells() -> None:
    assert paper_cells(NONE).shape == (0, 4)


def test_an_unknown_preset_is_an_error() -> None:
    with pytest.raises(InputError, match="'mine'"):
        choose_scales(NONE, (375, 500), (600,), preset="mine")  # type: ignore[arg-type]


def test_an_empty_map_is_an_error() -> None:
    with pytest.raises(InputError, match="map size"):
        paper_cells(NONE, map_size=(0, 4))


@pytest.mark.parametrize(
    ("box", "image_size", "preset", "scale"),
    [
        ((100, 100), (375, 500), "release", 688),
        ((100, 100), (375, 500), "paper", 864),
        ((200, 150), (375, 500), "release", 480),
        ((200, 150), (375, 500), "paper", 480),
        ((375, 375), (375, 500), "release", 480),
        ((375, 375), (375, 500), "paper", 480),
        ((60, 40), (333, 500), "release", 1200),
        ((60, 40), (333, 500), "paper", 1200),
    ],
)
def test_a_window_chooses_its_golden_scale(
    box: tuple[int, int], image_size: tuple[int, int], preset: Preset, scale: int
) -> None:
    scales = {"paper": PAPER_SCALES, "release": RELEASE_SCALES}[preset]

    [index] = choose_scales(np.array([[0, 0, *box]], np.float32), image_size, scales, preset)

    assert scales[index] == scale


def test_the_paper_compares_areas_not_sides() -> None:
    window = np.array([[0, 0, 100, 100]], np.float32)  # sides of 150 and 280 pixels: 27,676 and 28,224 from 224 x 224

    assert choose_scales(window, (1000, 1000), (1500, 2800)).tolist() == [0]


def test_the_first_of_equally_good_scales_wins() -> None:
    window = np.array([[0, 0, 208, 208]], np.float32)

    np.testing.assert_array_equal(choose_scales(window, (500, 500), (510, 490), "release"), [0])


def test_a_window_without_area_takes_the_largest_scale() -> None:
    window = np.array([[9, 9, 9, 9]], np.float32)

    np.testing.assert_array_equal(choose_scales(window, (375, 500), PAPER_SCALES), [4])


def test_no_windows_choose_no_scales() -> None:
    assert choose_scales(NONE, (375, 500), PAPER_SCALES).shape == (0,)


def test_no_scale_to_choose_from_is_an_error() -> None:
    with pytest.raises(InputError, match="scales"):
        choose_scales(NONE, (375, 500), ())


def test_a_cell_is_a_square_of_a_stride_about_its_centre() -> None:
    cells = np.array([[0, 0, 1, 1], [2, 1, 5, 3]], np.int32)

    boxes = cell_boxes(cells, image_size=(101, 201), scale=201, stride=16, first_centre=4)

    # Two pixels of the resized image are one of the original, whose first one has its centre at 0.5.
    np.testing.assert_allclose(boxes, [[-1.5, -1.5, 6.5, 6.5], [14.5, 6.5, 38.5, 22.5]])


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 12), st.integers(1, 12))
def test_the_box_of_cells_covers_these_cells(left: int, top: int, width: int, height: int) -> None:
    cells = np.array([[left, top, left + width, top + height]], np.int32)
    place = {"image_size": (300, 400), "scale": 600, "stride": 16, "first_centre": 7.5}

    boxes = cell_boxes(cells, **place)  # type: ignore[arg-type]

    np.testing.assert_array_equal(window_cells(boxes, map_size=(50, 50), **place), cells)  # type: ignore[arg-type]


def test_no_cells_have_no_boxes() -> None:
    found = cell_boxes(np.zeros((0, 4), np.int32), image_size=(9, 9), scale=9, stride=2, first_centre=0)

    assert found.shape == (0, 4)
