"""Overlaps, suppression and offsets of boxes."""

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torchvision.ops import box_iou, nms

from sppnet.detector.errors import InputError
from sppnet.detector.scoring.boxes import clip, decode, encode, iou, mirrored, suppress

NONE = np.zeros((0, 4), np.float32)


def boxes_of(*rows: tuple[float, ...]) -> npt.NDArray[np.float32]:
    return np.array(rows, np.float32)


def random_boxes(count: int, seed: int) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 300, (count, 2))
    return np.hstack([corners, corners + rng.uniform(5, 200, (count, 2))]).astype(np.float32)


def test_the_overlap_is_the_shared_area_over_the_joint_area() -> None:
    overlaps = iou(boxes_of((0, 0, 10, 10)), boxes_of((5, 0, 15, 10), (0, 0, 10, 10), (10, 0, 20, 10)))

    np.testing.assert_allclose(overlaps, [[1 / 3, 1, 0]])


def test_overlaps_equal_torchvisions() -> None:
    first, second = random_boxes(300, 0), random_boxes(200, 1)

    np.testing.assert_allclose(iou(first, second), box_iou(torch.tensor(first), torch.tensor(second)), rtol=1e-5)


def test_a_box_without_area_overlaps_nothing() -> None:
    empty = boxes_of((3, 3, 3, 9), (9, 9, 3, 3))

    np.testing.assert_array_equal(iou(empty, boxes_of((0, 0, 10, 10), (3, 3, 3, 9))), np.zeros((2, 2)))


def test_no_boxes_have_no_overlaps() -> None:
    assert iou(NONE, random_boxes(3, 0)).shape == (0, 3)


def test_an_overlap_with_a_box_that_is_not_finite_is_an_error() -> None:
    with pytest.raises(InputError, match="second"):
        iou(NONE, boxes_of((0, 0, np.inf, 1)))


@pytest.mark.parametrize("threshold", [0.0, 0.3, 1.0])
def test_suppression_equals_torchvisions(threshold: float) -> None:
    boxes = random_boxes(1000, 2)
    scores = np.random.default_rng(3).permutation(1000).astype(np.float32)

    kept = suppress(boxes, scores, threshold)

    np.testing.assert_array_equal(kept, nms(torch.tensor(boxes), torch.tensor(scores), threshold))


def test_an_overlap_of_exactly_the_threshold_stays() -> None:
    boxes = boxes_of((0, 0, 10, 10), (0, 0, 10, 5))

    np.testing.assert_array_equal(suppress(boxes, np.array([2, 1], np.float32), iou=0.5), [0, 1])


def test_of_equal_scores_the_first_box_stays() -> None:
    boxes = boxes_of((0, 0, 10, 10), (0, 0, 10, 9), (20, 20, 30, 30))

    np.testing.assert_array_equal(suppress(boxes, np.zeros(3, np.float32)), [0, 2])


def test_a_suppressed_box_suppresses_nothing() -> None:
    boxes = boxes_of((0, 0, 10, 10), (4, 0, 14, 10), (8, 0, 18, 10))

    np.testing.assert_array_equal(suppress(boxes, np.array([3, 2, 1], np.float32)), [0, 2])


def test_boxes_without_area_are_not_suppressed() -> None:
    boxes = boxes_of((3, 3, 3, 3), (3, 3, 3, 3), (9, 9, 3, 3))

    np.testing.assert_array_equal(suppress(boxes, np.array([1, 2, 3], np.float32)), [2, 1, 0])


def test_no_boxes_leave_no_boxes() -> None:
    kept = suppress(NONE, np.zeros(0, np.float32))

    assert kept.shape == (0,)
    assert kept.dtype == np.int64


@pytest.mark.parametrize("scores", [[1.0, np.nan], [1.0]])
def test_a_nan_or_missing_score_is_an_error(scores: list[float]) -> None:
    with pytest.raises(InputError, match="scores"):
        suppress(random_boxes(2, 0), np.array(scores, np.float32))


def test_a_nan_box_cannot_be_suppressed() -> None:
    with pytest.raises(InputError, match="boxes"):
        suppress(boxes_of((0, 0, 1, np.nan)), np.ones(1, np.float32))


def test_a_shift_is_measured_in_window_sizes() -> None:
    windows = boxes_of((0, 0, 10, 20))

    np.testing.assert_allclose(encode(windows, windows + 5), [[0.5, 0.25, 0, 0]])


def test_a_change_of_size_is_measured_by_its_logarithm() -> None:
    offsets = encode(boxes_of((0, 0, 10, 20)), boxes_of((-5, 5, 15, 15)))

    np.testing.assert_allclose(offsets, [[0, 0, np.log(2), -np.log(2)]], rtol=1e-6)


def test_decoded_offsets_give_the_boxes_back() -> None:
    windows, boxes = random_boxes(100, 4), random_boxes(100, 5)

    np.testing.assert_allclose(decode(windows, encode(windows, boxes)), boxes, atol=1e-3)


def test_a_wild_offset_changes_a_side_32768_times_at_most() -> None:
    box = decode(boxes_of((0, 0, 2, 2)), boxes_of((0, 0, 1e4, -1e4)))

    np.testing.assert_allclose(box, [[1 - 32768, 1 - 1 / 32768, 1 + 32768, 1 + 1 / 32768]], rtol=1e-5)


def test_no_windows_give_no_offsets() -> None:
    assert encode(NONE, NONE).shape == (0, 4)
    assert decode(NONE, NONE).shape == (0, 4)


@pytest.mark.parametrize("box", [(3, 3, 3, 9), (3, 9, 9, 3)])
def test_a_side_that_is_not_positive_cannot_be_encoded(box: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="positive"):
        encode(random_boxes(1, 0), boxes_of(box))


@pytest.mark.parametrize("convert", [encode, decode])
def test_windows_and_their_partners_must_be_as_many(convert: type[encode]) -> None:  # type: ignore[valid-type]
    with pytest.raises(InputError, match="2 windows, 1"):
        convert(random_boxes(2, 0), random_boxes(1, 0))  # type: ignore[misc]


def test_an_offset_that_is_nan_is_an_error() -> None:
    with pytest.raises(InputError, match="offsets"):
        decode(random_boxes(1, 0), np.full((1, 4), np.nan, np.float32))


def test_boxes_are_cut_at_the_border_of_the_image() -> None:
    boxes = boxes_of((-5, -5, 600, 300), (1, 2, 3, 4), (700, 10, 800, 20))

    expected = [[0, 0, 500, 200], [1, 2, 3, 4], [500, 10, 500, 20]]
    np.testing.assert_array_equal(clip(boxes, height=200, width=500), expected)


def test_no_boxes_are_cut_to_no_boxes() -> None:
    assert clip(NONE, 5, 5).shape == (0, 4)


def test_a_box_at_the_left_lies_at_the_right_of_the_mirrored_image() -> None:
    np.testing.assert_array_equal(mirrored(np.array([[0, 5, 30, 25]], np.float32), 100), [[70, 5, 100, 25]])


def test_mirroring_twice_changes_nothing() -> None:
    boxes = np.array([[10, 5, 40, 20], [0.5, 0, 128, 96]], np.float32)

    np.testing.assert_allclose(mirrored(mirrored(boxes, 128), 128), boxes, atol=1e-4)
    assert mirrored(np.zeros((0, 4), np.float32), 128).shape == (0, 4)
