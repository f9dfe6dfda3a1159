"""Tests of which detections of an image are wanted."""

from typing import Any

import numpy as np
import pytest

from sppnet.detector import select

FOUND: dict[str, Any] = {
    "boxes": np.arange(16, dtype=np.float32).reshape(4, 4),
    "labels": np.array([1, 0, 1, 0]),
    "scores": np.array([0.9, 0.6, 0.5, 0.3], np.float32),
    "margins": np.array([4, 3, 2, 1], np.float32),
    "milliseconds": {"conv": 1.0},
}


@pytest.mark.parametrize(
    ("least_scores", "limit", "rows"),
    [
        ((0, 0), None, [0, 1, 2, 3]),
        ((0.3, 0.6), None, [0, 1, 3]),
        ((2, 0.5), None, [0, 2]),
        ((0.3, 0.6), 2, [0, 1]),
        ((2, 2), 5, []),
    ],
)
def test_the_first_of_those_above_their_class_s_least_score_stay(
    least_scores: tuple[float, float], limit: int | None, rows: list[int]
) -> None:
    kept = select(FOUND, least_scores, limit=limit)

    assert kept["milliseconds"] == {"conv": 1.0}
    for name in ("boxes", "labels", "scores", "margins"):
        np.testing.assert_array_equal(kept[name], FOUND[name][rows])


def test_nothing_found_stays_nothing() -> None:
    nothing = select(FOUND, (2, 2))

    assert select(nothing, (0, 0))["boxes"].shape == (0, 4)
