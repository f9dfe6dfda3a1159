"""The numbers of the page, computed by hand."""

import numpy as np
import pytest

from sppnet.data import analyse
from sppnet.tools.reports.page import sections
from tests.data.analysis.drawn import arrays

from .drawn import analysis


def test_the_ceiling_tells_what_no_window_reaches() -> None:
    # Windows reach the first dog and the cat; the other dog and the car are not found, nor is the cat.
    result = sections.ceiling(analysis(best_windows=np.array([0.9, 0.4, 0.6, 0.1])), 7.0)

    assert result is not None
    assert (result["recall"], result["unfound"], result["out_of_reach"]) == (0.5, 3, 2)
    assert result["average"] == pytest.approx((9 + 3) / 40)  # 0.5 to 0.9, and 0.5 to 0.6
    assert sections.ceiling(analysis(), 0) is None


def test_names_that_the_option_cannot_hold_are_left_out_of_the_command() -> None:
    assert sections.command(analyse(*arrays(), ("a,b", "cat", "car")), ["m"]) is None
    assert sections.command(analysis(), []) == "sppnet detect PHOTOS --conf dog=0.85,0.85"


def test_stages_are_averaged_over_all_images() -> None:
    rows = {row["name"]: row for row in sections.stages({0: {"conv": 2.0, "pooling": 1.0}, 1: {"conv": 4.0}})}

    assert [rows[name]["mean"] for name in ("conv", "pooling", "together")] == [3, 0.5, 3.5]
    assert rows["conv"]["share"] == pytest.approx(6 / 7)


def test_the_slowest_come_first() -> None:
    rows = sections.slowest({4: {"conv": 2.0}, 7: {"conv": 1.0, "pooling": 5.0}}, list("abcdefgh"))

    assert [(row["name"], row["milliseconds"], row["stage"][0]) for row in rows] == [
        ("h", 6, "pooling"),
        ("e", 2, "conv"),
    ]
