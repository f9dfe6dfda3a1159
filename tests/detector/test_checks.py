"""Tests of the checks of settings: each bad one is named when the model is made, not when training comes to it."""

from typing import Any

import pytest

from sppnet.detector import FineTuning, InputError, SPPNet


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"scales": ()}, "scales must be"),
        ({"levels": (0,)}, "levels must be"),
        ({"geometry": "bogus"}, "geometry must be 'paper' or 'release', not 'bogus'"),
        ({"penalty": 0.0}, "norm and penalty must be positive"),
        ({"held_out": 1.0}, "held_out must be a fraction"),
        ({"seed": -1}, "seed must not be negative, not -1"),
    ],
)
def test_a_bad_setting_is_named_at_once(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        SPPNet(("red",), **setting)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"layer": "fc8"}, "layer must be one of pool, fc6, fc7, not 'fc8'"),
        ({"scores": "bogus"}, "scores must be svm or softmax, not 'bogus'"),
        ({"layer": "fc6"}, "layer fc6 needs fine_tuning with a width for it"),
        ({"layer": "fc7", "fine_tuning": FineTuning(widths=(5,))}, "layer fc7 needs fine_tuning"),
        ({"scores": "softmax"}, "scores 'softmax' need fine_tuning"),
        ({"power": 0.5, "fine_tuning": FineTuning()}, "power must be 1, not 0.5"),
    ],
)
def test_layers_that_will_not_be_there_are_named_at_once(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        SPPNet(("red",), **setting)
