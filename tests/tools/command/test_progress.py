"""Tests of progress where there is no terminal."""

import pytest

from sppnet.tools.command.progress import Progress


def test_a_finished_stage_is_a_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress:
        progress("windows", 1, 2)
        progress("windows", 2, 2)

    assert capsys.readouterr() == ("", "windows 2/2\n")


def test_a_long_stage_tells_the_time_left(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 30.0])
    monkeypatch.setattr("time.monotonic", lambda: next(times))

    Progress()("windows", 1, 4)

    assert capsys.readouterr().err == "windows 1/4, 90 s left\n"


def test_the_time_before_a_call_belongs_to_its_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 3.0, 5.0, 9.0])
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    progress = Progress()

    progress("windows", 1, 2)
    progress("svms", 1, 1)
    progress("windows", 2, 2)

    assert progress.seconds == {"windows": 7.0, "svms": 2.0}


def test_a_stage_that_runs_again_is_estimated_anew(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([0.0, 500.0, 520.0])
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    progress = Progress()
    progress("windows", 10, 10)

    progress("windows", 1, 4)

    assert capsys.readouterr().err == "windows 10/10\nwindows 1/4, 60 s left\n"
