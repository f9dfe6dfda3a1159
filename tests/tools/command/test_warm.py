"""Tests of compiling ahead: what it runs, and that a wait is announced."""

import time

import pytest

from sppnet.proposals import SelectiveSearch
from sppnet.tools.command import warm
from sppnet.tools.command.warm import announce_compilation, warm_up


def test_a_wait_is_announced(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(warm, "SECONDS_OF_SILENCE", 0.001)

    with announce_compilation():
        time.sleep(0.2)

    assert "compiling or loading the inner loops" in capsys.readouterr().err


def test_what_is_quick_is_not_announced(capsys: pytest.CaptureFixture[str]) -> None:
    with announce_compilation():
        pass

    assert capsys.readouterr().err == ""


def test_what_a_command_will_run_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    monkeypatch.setattr("sppnet.detector.compile_kernels", lambda *, training: calls.append(training))
    monkeypatch.setattr(SelectiveSearch, "__call__", lambda search, _image: calls.append(search.mode))

    warm_up(SelectiveSearch(mode="turbo"), training=True)
    warm_up(detection=False)

    assert calls == ["turbo", True]
