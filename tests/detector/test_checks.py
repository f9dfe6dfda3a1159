"""Tests of what is checked where it enters the detector."""

import numpy as np
import pytest

from sppnet.detector.checks import check_image, check_windows, checked_target
from sppnet.detector.errors import InputError


def test_a_target_gets_its_types_and_its_flags() -> None:
    target = checked_target({"boxes": np.array([[0, 0, 2, 3]]), "labels": np.array([1], np.int32)}, 0, 2)

    assert {name: value.tolist() for name, value in target.items()} == {
        "boxes": [[0, 0, 2, 3]],
        "labels": [1],
        "difficult": [False],
    }
    assert [value.dtype for value in target.values()] == [np.float32, np.int64, np.bool_]


@pytest.mark.parametrize("windows", [np.zeros((2, 5)), np.zeros(4), np.array([[0, 0, np.inf, 1]])])
def test_windows_of_another_shape_or_without_end_are_named(windows: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"image 7: windows must be finite and of shape \(N, 4\)"):
        check_windows(windows, 7)


def test_what_is_no_array_is_named() -> None:
    with pytest.raises(InputError, match=r"image 3: must be a uint8 array \(height, width, 3\), not list"):
        check_image([[0, 0, 0]], 3)  # type: ignore[arg-type]
