"""Tests of how commands are written."""

import shlex
import sys

import pytest

from sppnet.tools.diagnosis.finding import pip


def test_pip_is_that_of_the_running_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sppnet.tools.diagnosis.finding.find_spec", lambda name: name)

    assert shlex.split(pip("install", "torch>=2")) == [sys.executable, "-m", "pip", "install", "torch>=2"]
    assert shlex.split(pip("uninstall", "torch"))[3:] == ["uninstall", "-y", "torch"]


def test_where_there_is_no_pip_it_is_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sppnet.tools.diagnosis.finding.find_spec", lambda name: None)

    assert shlex.split(pip("install", "torch")) == ["uv", "pip", "install", "--python", sys.executable, "torch"]
