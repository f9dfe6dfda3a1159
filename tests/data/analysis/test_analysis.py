"""The whole analysis: its parts, and the windows set beside their objects."""

import numpy as np
import pytest

from sppnet.data import DataError, analyse

from .drawn import CLASSES, arrays


def test_windows_are_those_of_ordinary_objects() -> None:
    result = analyse(*arrays(), CLASSES, np.array([0.9, 0.4, 0.6, 0.7]))

    assert result.covered is not None and result.covered.tolist() == [0.9, 0.4, 0.6, 0.0, 0.7]


def test_the_confusion_is_that_at_the_best_threshold() -> None:
    result = analyse(*arrays(), CLASSES)

    assert result.threshold is not None and result.threshold.score > 0.8
    assert int(result.confusion.matrix[:, :3].sum()) == 1
    assert [found is None for found in result.thresholds] == [False, True, True]


def test_bad_detections_are_one_error() -> None:
    detections, targets = arrays()
    detections[0]["scores"][2] = np.nan

    with pytest.raises(DataError, match="image 0, box 2: scores must not be NaN"):
        analyse(detections, targets, CLASSES)
