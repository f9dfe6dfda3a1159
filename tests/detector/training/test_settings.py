"""Tests of settings of training: each bad one is named when it is made."""

from dataclasses import asdict
from typing import Any

import pytest

from sppnet.detector.errors import InputError
from sppnet.detector.training.mining import Mining
from sppnet.detector.training.settings import Training


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"norm": 0.0}, "norm must be positive and finite, not 0.0"),
        ({"penalty": float("inf")}, "penalty must be positive and finite, not inf"),
        ({"regression_examples": -1}, "regression_examples must not be negative, not -1"),
        ({"held_out": 1.0}, "held_out must be a fraction from 0 to below 1, not 1.0"),
        ({"negative_iou": 0.0}, "negative_iou must be above 0 and at most 1, not 0.0"),
    ],
)
def test_a_bad_setting_is_named_at_once(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Training(**setting)


def test_settings_come_back_equal_from_what_a_file_holds() -> None:
    training = Training(mining=Mining(C=0.1), norm=5.0)

    assert Training(**asdict(training)) == training
