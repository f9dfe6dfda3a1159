"""Tests of windows warped on a device against OpenCV's warping on the CPU."""

import numpy as np
import torch

from sppnet.detector.pooling.warping import warped_there
from sppnet.detector.rcnn import SIDE, warped, warped_places

PIXELS = np.random.default_rng(0).normal(size=(1, 3, 60, 90)).astype(np.float32)
WINDOWS = np.array(
    [[10, 20, 40, 50], [0, 0, 90, 60], [80, 50, 90, 60], [30, 30, 31, 31], [-20, 5, 15, 80], [5.5, 7.25, 60.5, 33]],
    np.float32,
)  # inside, whole, at a corner, of one pixel, across the border, between pixels


def test_squares_are_those_of_the_cpu() -> None:
    places = (torch.from_numpy(part) for part in warped_places(WINDOWS, (60, 90)))

    found = warped_there(torch.from_numpy(PIXELS), *places, SIDE).numpy()

    np.testing.assert_allclose(found, warped(PIXELS, WINDOWS), rtol=0, atol=1e-4 * np.abs(PIXELS).max())


def test_a_window_beside_the_image_is_all_mean() -> None:
    places = (torch.from_numpy(part) for part in warped_places(np.array([[200, 5, 230, 25]], np.float32), (60, 90)))

    assert not warped_there(torch.from_numpy(PIXELS), *places, SIDE).any()


def test_no_windows_give_no_squares() -> None:
    none = torch.zeros((0, 4), dtype=torch.int64)

    assert warped_there(torch.from_numpy(PIXELS), none, none, SIDE).shape == (0, 3, SIDE, SIDE)
