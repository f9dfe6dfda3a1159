"""Tests of the models that a command detects with."""

from pathlib import Path

import pytest

from sppnet.tools.command.running.models import load
from tests.stand_in import StandIn


def test_what_one_may_wonder_about_a_model_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sppnet.detector.load_detector", StandIn.load)
    monkeypatch.setattr(StandIn, "remark", "it is slow")

    load((tmp_path,), "union", "cpu", "auto")

    assert capsys.readouterr().err == f"{tmp_path}: it is slow\n"
