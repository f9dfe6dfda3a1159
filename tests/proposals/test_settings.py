"""The settings of selective search: those of each mode, and what is refused."""

from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from sppnet.proposals import ProposalError, SelectiveSearch
from sppnet.proposals.settings import MODES

SETTINGS: dict[str, Any] = {
    "colours": ("rgb", "hue"),
    "k": (7.0,),
    "strategies": (("fill", "size"),),
    "sigma": 1.5,
    "min_size": 3,
    "min_side": 2,
    "scale": 0.7,
    "work_pixels": 12_345,
    "exact": True,
    "limit": 9,
    "seed": 5,
}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"mode": "slow"}, r"mode must be one of \('fast', 'turbo', 'quality', 'exact'\), not 'slow'"),
        ({"colours": ["hsv", "cmyk"]}, "colours must be some of .*cmyk"),
        ({"colours": "hsv"}, "colours must be some of .*, not 'hsv'"),
        ({"k": [100, -3]}, "k must be .*-3"),
        ({"k": [float("nan")]}, "k must be .*nan"),
        ({"strategies": [[]]}, r"strategies must be groups of .*, not \[\[\]\]"),
        ({"strategies": [["colour", "smell"]]}, "strategies must be groups of .*smell"),
        ({"strategies": ["size"]}, r"strategies must be groups of .*, not \['size'\]"),
        ({"sigma": -0.5}, "sigma must be 0 to 10, not -0.5"),
        ({"sigma": float("nan")}, "sigma must be 0 to 10, not nan"),
        ({"min_size": -1}, "min_size must be 0 to 16777216, not -1"),
        ({"min_size": 2**24 + 1}, "min_size must be 0 to 16777216, not 16777217"),
        ({"min_side": 0}, "min_side must be 1 to 65535, not 0"),
        ({"min_side": 65_536}, "min_side must be 1 to 65535, not 65536"),
        ({"scale": 0}, "scale must be above 0 and at most 1, not 0"),
        ({"scale": 1.01}, "scale must be above 0 and at most 1, not 1.01"),
        ({"work_pixels": 0}, "work_pixels must be 1 to 16777216, not 0"),
        ({"work_pixels": 1e6}, "work_pixels must be .*, not 1000000.0"),
        ({"limit": 0}, "limit must be 1 or more, not 0"),
        ({"limit": 10.5}, "limit must be 1 or more, not 10.5"),
        ({"seed": -1}, "seed must be 0 or more, not -1"),
        ({"seed": "1"}, "seed must be 0 or more, not '1'"),
        ({"mode": ["fast"]}, r"mode must be one of .*, not \['fast'\]"),
        ({"colours": 5}, "colours must be some of .*, not 5"),
        ({"k": 5}, "k must be positive numbers up to .*, not 5"),
        ({"k": "abc"}, "k must be positive numbers up to .*, not 'abc'"),
        ({"k": [1e20]}, r"k must be .*, not \[1e\+20\]"),
        ({"sigma": "wide"}, "sigma must be 0 to 10, not 'wide'"),
        ({"scale": "x"}, "scale must be above 0 and at most 1, not 'x'"),
        ({"exact": "no"}, "exact must be True or False, not 'no'"),
        ({"limit": True}, "limit must be 1 or more, not True"),
    ],
)
def test_a_setting_out_of_its_range_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ProposalError, match=message):
        SelectiveSearch(**given)


def test_nothing_given_is_the_fast_mode() -> None:
    assert SelectiveSearch() == SelectiveSearch(mode="fast")


@pytest.mark.parametrize("mode", MODES)
def test_a_mode_has_its_settings(mode: str) -> None:
    assert asdict(SelectiveSearch(mode=mode)) == MODES[mode] | {"mode": mode, "limit": 2000, "seed": 0}


@pytest.mark.parametrize(("name", "value"), SETTINGS.items(), ids=SETTINGS)
def test_a_setting_given_replaces_that_of_the_mode_alone(name: str, value: object) -> None:
    given: dict[str, Any] = {name: value}

    assert asdict(SelectiveSearch(mode="quality", **given)) == asdict(SelectiveSearch(mode="quality")) | given


@pytest.mark.parametrize(("name", "value"), SETTINGS.items(), ids=SETTINGS)
def test_searches_of_other_settings_differ(name: str, value: object) -> None:
    given: dict[str, Any] = {name: value}

    assert SelectiveSearch(**given) != SelectiveSearch()
    assert repr(SelectiveSearch(**given)) != repr(SelectiveSearch())


def test_all_modes_differ() -> None:
    searches = [SelectiveSearch(mode=mode) for mode in MODES]

    assert len(set(searches)) == len(set(map(repr, searches))) == 4


def test_settings_of_other_types_make_equal_searches() -> None:
    whole: Any = np.int64(7)
    first = SelectiveSearch(
        colours=["rgb"], k=[50], strategies=[["size", "fill"]], sigma=1, scale=1, limit=whole, min_size=whole
    )
    second = SelectiveSearch(
        colours=("rgb",), k=(50.0,), strategies=(("size", "fill"),), sigma=1.0, scale=1.0, limit=7, min_size=7
    )

    assert first == second
    assert repr(first) == repr(second)
    assert hash(first) == hash(second)
