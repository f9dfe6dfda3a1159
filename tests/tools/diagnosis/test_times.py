"""Tests of the measured times."""

import pytest

from sppnet.tools.diagnosis import times
from sppnet.tools.diagnosis.finding import UnmeasuredError


def test_a_photograph_is_measured_by_stage() -> None:
    measured = times.photograph_milliseconds(1)

    assert {"proposals", "conv", "pooling", "scores"} <= measured.keys() and min(measured.values()) >= 0
    assert times.conv_milliseconds(1) == measured["conv"]


def test_loops_that_are_not_compiled_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    times.photograph_milliseconds.cache_clear()

    with pytest.raises(UnmeasuredError):
        times.photograph_milliseconds(1)
    with pytest.raises(UnmeasuredError):
        times.search_milliseconds("fast")


@pytest.mark.parametrize(("conv", "grade"), [(40.0, "fine"), (400.0, "slow")])
def test_much_longer_than_the_readmes_machine_is_slow(monkeypatch: pytest.MonkeyPatch, conv: float, grade: str) -> None:
    monkeypatch.setattr(times, "photograph_milliseconds", lambda threads: {"proposals": 11.0, "conv": conv})

    [finding] = times.image()

    assert finding.grade == grade
    assert f"(proposals 11, conv {conv:.0f}); on the README's machine 63" in finding.found
