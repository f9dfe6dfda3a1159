"""Tests of suppression as products of matrices against the greedy loop, ours and torchvision's."""

import numpy as np
import numpy.typing as npt
import torch
from torchvision.ops import nms

from sppnet.detector.scoring.boxes import suppress
from sppnet.detector.scoring.matrix_suppression import suppress_together

Floats = npt.NDArray[np.float32]


def some_boxes(count: int, seed: int) -> Floats:
    random = np.random.default_rng(seed)
    corners = random.integers(0, 60, (count, 2))
    return np.hstack([corners, corners + random.integers(0, 40, (count, 2))]).astype(np.float32)  # some without area


def kept(boxes: Floats, labels: list[int], *, iou: float = 0.3, limit: int = 1000, passes: int = 40) -> list[int]:
    """Return which boxes of an image stay, best first."""
    found, settled = suppress_together(
        torch.from_numpy(boxes)[None], torch.tensor([labels]), torch.ones((1, len(boxes)), dtype=torch.bool), iou,
        limit=limit, passes=passes,
    )  # fmt: skip
    assert settled.all()
    return found[0].nonzero()[:, 0].tolist()


def chain(length: int) -> Floats:
    """Return boxes each of which overlaps its neighbours alone, by a half of its area."""
    return np.array([[5 * number, 0, 5 * number + 10, 10] for number in range(length)], np.float32)


def test_boxes_stay_as_in_the_greedy_loop() -> None:
    boxes, falling = some_boxes(300, 0), np.arange(300, 0, -1).astype(np.float32)

    assert kept(boxes, [0] * 300) == suppress(boxes, falling).tolist()


def test_boxes_stay_as_in_torchvisions_loop() -> None:
    boxes, falling = some_boxes(300, 1), torch.arange(300, 0, -1.0)

    assert kept(boxes, [0] * 300, iou=0.5) == nms(torch.from_numpy(boxes), falling, 0.5).tolist()


def test_classes_and_images_do_not_suppress_each_other() -> None:
    boxes, labels = np.stack([some_boxes(200, 2), some_boxes(200, 3)]), np.arange(400).reshape(2, 200) % 3
    likely = np.random.default_rng(4).random((2, 200)) < 0.8
    expected = np.zeros((2, 200), np.bool_)
    for image, label in np.ndindex(2, 3):
        mine = np.flatnonzero(likely[image] & (labels[image] == label))
        expected[image, mine[suppress(boxes[image, mine], -mine.astype(np.float32))]] = True

    found, settled = suppress_together(
        torch.from_numpy(boxes), torch.from_numpy(labels), torch.from_numpy(likely), 0.3, limit=100
    )

    assert settled.all()
    np.testing.assert_array_equal(found, expected)


def test_an_overlap_of_exactly_the_threshold_leaves_both() -> None:
    thirds = np.array([[0, 0, 2, 1], [1, 0, 3, 1]], np.float32)  # an overlap of 1 / 3, rounded up in float32

    assert kept(thirds, [0, 0], iou=float(np.float32(1 / 3))) == [0, 1]
    assert kept(thirds, [0, 0], iou=1 / 3) == suppress(thirds, np.array([2, 1], np.float32), 1 / 3).tolist() == [0]


def test_of_a_class_so_many_stay_at_most() -> None:
    apart = np.array([[20 * number, 0, 20 * number + 10, 10] for number in range(6)], np.float32)

    assert kept(apart, [0, 1, 0, 0, 0, 1], limit=2) == [0, 1, 2, 5]


def test_a_chain_longer_than_the_passes_is_told() -> None:
    boxes, labels = torch.from_numpy(np.stack([chain(12), some_boxes(12, 5) * 100])), torch.zeros((2, 12)).long()
    likely = torch.ones((2, 12), dtype=torch.bool)

    _, settled = suppress_together(boxes, labels, likely, 0.3, limit=100, passes=6)

    assert settled.tolist() == [False, True]
    assert kept(chain(12), [0] * 12) == [0, 2, 4, 6, 8, 10]


def test_no_boxes_leave_none() -> None:
    assert kept(np.zeros((0, 4), np.float32), []) == []
