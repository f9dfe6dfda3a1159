"""Tests of what control groups and affinity grant."""

import math
import os
from pathlib import Path

import pytest

from sppnet.detector import limits


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of control groups, without any yet."""
    monkeypatch.setattr(limits, "GROUPS", tmp_path)
    monkeypatch.setattr(limits, "MEMBERSHIP", tmp_path / "membership")
    return tmp_path


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def test_where_there_are_no_groups_there_is_no_limit(groups: Path) -> None:
    assert (limits.core_quota(), limits.memory_limit()) == (math.inf, math.inf)
    assert limits.granted_cores() == limits.allowed_cores()


def test_the_least_of_a_group_and_those_above_counts(groups: Path) -> None:
    (groups / "membership").write_text("0::/outer/inner\n")
    write(groups / "outer", cpu__max="150000 100000\n", memory__max="3000\n")
    write(groups / "outer" / "inner", cpu__max="max 100000\n", memory__max="max\n")

    assert (limits.core_quota(), limits.memory_limit()) == (1.5, 3000)


def test_groups_of_the_first_version(groups: Path) -> None:
    (groups / "membership").write_text("3:cpu,cpuacct:/box\n4:memory:/box\n0::/\n")
    write(groups / "cpu" / "box", **{"cpu__cfs_quota_us": "50000\n", "cpu__cfs_period_us": "100000\n"})
    write(groups / "cpu", **{"cpu__cfs_quota_us": "-1\n", "cpu__cfs_period_us": "100000\n"})
    write(groups / "memory" / "box", memory__limit_in_bytes="2000\n")

    assert (limits.core_quota(), limits.memory_limit()) == (0.5, 2000)


@pytest.mark.parametrize(("quota", "cores"), [(0.5, 1), (1.5, 2), (64.0, 4), (math.inf, 4)])
def test_a_part_of_a_core_counts_as_one(monkeypatch: pytest.MonkeyPatch, quota: float, cores: int) -> None:
    monkeypatch.setattr(limits, "core_quota", lambda: quota)
    monkeypatch.setattr(limits, "allowed_cores", lambda: 4)

    assert limits.granted_cores() == cores


def test_cores_are_those_that_the_process_may_run_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 5, 7}, raising=False)

    assert limits.allowed_cores() == 3
