"""Tests of what is said of folders that cannot be written to, and of little room."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from sppnet.tools.diagnosis import places


class Usage:
    """What is free on a disk."""

    def __init__(self, free: float) -> None:
        self.free = free


def locked(*_: Any) -> bool:
    return False


def no_place() -> NoReturn:
    raise RuntimeError("cannot cache function 'edges': no locator available for file 'superpixels.py'")


def grades(check: Callable[[], Any]) -> list[str]:
    return [finding.grade for finding in check()]


def test_compiled_loops_that_are_kept_are_fine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(places, "loops_folder", lambda: tmp_path)
    before = list(places.compiled_loops())
    (tmp_path / "edges.nbi").touch()

    assert (before[0].grade, before[0].command) == ("note", "sppnet doctor --warm")
    assert grades(places.compiled_loops) == ["fine"]


def test_loops_that_cannot_be_kept_are_slow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(places, "loops_folder", lambda: tmp_path)
    monkeypatch.setattr(os, "access", locked)

    [finding] = places.compiled_loops()

    assert finding.grade == "slow" and finding.command.startswith("export NUMBA_CACHE_DIR=")


def test_loops_without_any_place_are_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "loops_folder", no_place)

    [finding] = places.compiled_loops()

    assert finding.grade == "broken" and finding.command.startswith("export NUMBA_CACHE_DIR=")


def test_the_folder_of_the_loops_is_numbas() -> None:
    assert places.loops_folder().parts[-1]


def test_a_home_that_cannot_be_written_to_is_slow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    fine = grades(places.home)
    monkeypatch.setenv("HOME", str(tmp_path / "missing"))

    assert (fine, grades(places.home)) == (["fine"], ["slow"])


@pytest.mark.parametrize(("gigabytes", "grade"), [(1, "note"), (3, "fine")])
def test_little_disk_is_noted(monkeypatch: pytest.MonkeyPatch, gigabytes: int, grade: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(gigabytes * 1e9))

    assert grades(places.disks) == [grade, grade]


@pytest.mark.parametrize(
    ("free", "limit", "said"),
    [(8e9, 8e9, ""), (8e9, 3e9, "training"), (0.8e9, 8e9, "detection"), (None, 0.8e9, "detection")],
)
def test_little_memory_is_noted(monkeypatch: pytest.MonkeyPatch, free: float | None, limit: float, said: str) -> None:
    monkeypatch.setattr(places, "free_memory", lambda: free)
    monkeypatch.setattr(places, "memory_limit", lambda: limit)

    [finding] = places.memory()

    assert finding.cost.startswith(said) and (finding.grade == "note") == bool(said)


def test_memory_that_the_system_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "free_memory", lambda: None)
    monkeypatch.setattr(places, "memory_limit", lambda: float("inf"))

    assert list(places.memory()) == []
