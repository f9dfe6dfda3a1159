"""Tests of the settings of inference."""

from typing import Any

import pytest

from sppnet.detector.errors import InputError
from sppnet.detector.scoring.inference import Inference


def test_scales_are_kept_as_a_tuple() -> None:
    assert Inference(scales=[480, 600]) == Inference(scales=(480, 600))  # type: ignore[arg-type]


@pytest.mark.parametrize(("setting", "wanted"), [({}, False), ({"soft": True}, True), ({"voting": True}, True)])
def test_all_likely_windows_are_moved_where_those_beside_the_best_count(setting: dict[str, Any], wanted: bool) -> None:
    assert Inference(**setting).moves_all is wanted


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"scales": (0,)}, r"scales must be one or more different short sides in pixels, up to 4096, not \(0,\)"),
        ({"scales": (600, 600)}, "different short sides"),
        ({"sigma": 0.0}, "sigma must be positive and finite, not 0.0"),
        ({"sigma": float("nan")}, "sigma must be positive and finite, not nan"),
    ],
)
def test_settings_out_of_range_are_refused(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Inference(**setting)
