"""Tests of the stopwatch."""

from sppnet.detector.timing import DeviceStopwatch, Stopwatch, stage


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


def test_a_share_of_another_clock_is_added_by_stage() -> None:
    clock, other = Stopwatch(), Stopwatch()
    clock.seconds = {"conv": 1.0, "pooling": 2.0}
    other.seconds = {"pooling": 3.0, "scores": 5.0}

    clock.add(other, 0.5)

    assert clock.seconds == {"conv": 1.0, "pooling": 3.5, "scores": 2.5}


def test_rounded_seconds_are_to_a_tenth() -> None:
    clock = Stopwatch()
    clock.seconds["conv"] = 1.26

    assert clock.rounded == {"conv": 1.3}


def test_the_clock_of_a_cpu_by_another_name_counts_as_that_of_the_cpu() -> None:
    clock = DeviceStopwatch("cpu:0")
    with clock("conv"), stage(clock, "pooling", "cpu:0"):
        pass

    assert list(clock.milliseconds) == ["pooling", "conv"]
    assert clock.milliseconds["conv"] > clock.milliseconds["pooling"] > 0
