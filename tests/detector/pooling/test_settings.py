"""Tests of settings of pooling: each bad one is named when it is made, not when work comes to it."""

from dataclasses import asdict
from typing import Any

import pytest

from sppnet.detector.errors import InputError
from sppnet.detector.pooling.settings import CONTEXT, Pooling, View


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"scales": ()}, r"scales must be one or more different short sides in pixels, up to 4096, not \(\)"),
        ({"scales": (480, 480)}, "scales must be"),
        ({"views": ()}, "views: there must be one at least"),
        ({"geometry": "bogus"}, "preset must be 'paper' or 'release', not 'bogus'"),
        ({"power": 0.0}, "power must be from 0.001 to 100, not 0.0"),
        ({"max_side": 0}, "max_side must be from 1 to 10000 pixels, not 0"),
    ],
)
def test_a_bad_setting_is_named_at_once(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Pooling(**setting)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"levels": (0,)}, "levels must be one or more positive whole numbers"),
        ({"levels": ()}, "levels must be"),
        ({"enlargement": 0.0}, "enlargement must be positive and at most 1000, or None, not 0.0"),
        ({"enlargement": float("inf")}, "enlargement must be"),
    ],
)
def test_a_bad_view_is_named_at_once(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        View(**setting)


def test_settings_come_back_equal_from_what_a_file_holds() -> None:
    pooling = Pooling((480, 600), views=(View((1, 2), map="fire5"), *CONTEXT))

    stored = asdict(pooling)
    stored["scales"], stored["views"] = list(stored["scales"]), list(stored["views"])

    assert Pooling(**stored) == pooling


def test_views_are_added_after_those_there_are() -> None:
    assert Pooling().with_views(*CONTEXT).views == (View(), *CONTEXT)
