"""Tests of whether there may be a GPU."""

from pathlib import Path

import pytest

from sppnet.tools.command import gpus


def test_a_drivers_file_tells_of_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(gpus, "FILES", (str(tmp_path / "none"), str(tmp_path)))

    assert gpus.may_have_gpu()


def test_without_a_driver_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(gpus, "FILES", (str(tmp_path / "none"),))

    assert not gpus.may_have_gpu()
