"""Tests of what all commands say alike."""

import pytest

from tools.console import duration, warn


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (99, "99 s"), (150, "2 min"), (9000, "2.5 h")])
def test_times_are_told_as_a_person_would(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_of_many_problems_ten_are_told_and_their_number(capsys: pytest.CaptureFixture[str]) -> None:
    warn([f"problem {number}" for number in range(12)])

    lines = capsys.readouterr().err.splitlines()
    assert (len(lines), lines[-1]) == (11, "warning: 12 problems in all")
