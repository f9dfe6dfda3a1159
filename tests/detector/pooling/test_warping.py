"""Tests of windows warped on a device against OpenCV's warping on the CPU."""

import numpy as np
import numpy.typing as npt
import torch

from sppnet.detector.pooling.warping import warped_there
from sppnet.detector.rcnn import SIDE, warped, warped_places

PIXELS = np.random.default_rng(0).normal(size=(1, 3, 60, 90)).astype(np.float32)
WINDOWS = np.array(
    [[10, 20, 40, 50], [0, 0, 90, 60], [80, 50, 90, 60], [30, 30, 31, 31], [-20, 5, 15, 80], [5.5, 7.25, 60.5, 33]],
    np.float32,
)  # inside, whole, at a corner, of one pixel, across the border, between pixels


def squares_there(windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    crops, landings = (torch.from_numpy(part) for part in warped_places(windows, (60, 90)))
    found: npt.NDArray[np.float32] = warped_there(torch.from_numpy(PIXELS), crops, landings, SIDE).numpy()
    return found


def test_squares_are_those_of_the_cpu() -> None:
    found = squares_there(WINDOWS)

    np.testing.assert_allclose(found, warped(PIXELS, WINDOWS), rtol=0, atol=1e-4 * np.abs(PIXELS).max())


def test_a_window_beside_the_image_is_all_mean() -> None:
    assert not squares_there(np.array([[200, 5, 230, 25]], np.float32)).any()


def test_no_windows_give_no_squares() -> None:
    assert squares_there(np.zeros((0, 4), np.float32)).shape == (0, 3, SIDE, SIDE)
