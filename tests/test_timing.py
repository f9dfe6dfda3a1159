"""Tests of the stopwatch."""

from detector.timing import Stopwatch


def test_stages_add_up_in_the_order_they_were_met() -> None:
    clock = Stopwatch()
    with clock("conv"):
        pass
    first = clock.seconds["conv"]
    with clock("pooling"), clock("conv"):
        pass

    assert list(clock.seconds) == ["conv", "pooling"]
    assert clock.seconds["conv"] > first
    assert clock.milliseconds["conv"] == 1000 * clock.seconds["conv"]
