"""Tests of what is said of threads, instructions, nodes of memory and a busy machine."""

import math
import os
from pathlib import Path

import pytest

from sppnet.detector import conv_threads
from sppnet.tools.diagnosis import processor

AVX2 = "processor\t: 0\nflags\t\t: fpu avx2 fma\n"


@pytest.fixture(autouse=True)
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let conv layers take 60 ms of one core."""
    monkeypatch.setattr(processor, "conv_milliseconds", lambda threads: 60.0 / threads)


def granted(monkeypatch: pytest.MonkeyPatch, cores: int, *, of: int, quota: float = math.inf) -> None:
    monkeypatch.setattr(processor, "granted_cores", lambda: cores)
    monkeypatch.setattr(processor, "core_quota", lambda: quota)
    monkeypatch.setattr(processor, "allowed_cores", lambda: of)
    monkeypatch.setattr(os, "cpu_count", lambda: of)


@pytest.mark.parametrize(("busy", "grade"), [(0.4, "fine"), (2.1, "slow")])
def test_other_programs_make_times_longer(monkeypatch: pytest.MonkeyPatch, busy: float, grade: str) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (busy, 0, 0))
    monkeypatch.setattr(os, "cpu_count", lambda: 2)

    [finding] = processor.load()

    assert finding.grade == grade and f"{busy} programs at work on 2 cores" in finding.found


def test_as_many_threads_as_cores_are_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    granted(monkeypatch, 2, of=2)

    with conv_threads(2):
        [finding] = processor.threads()

    assert (finding.grade, finding.found) == ("fine", "2 threads on 2 cores")


def test_fewer_threads_than_cores_are_measured_against_as_many(monkeypatch: pytest.MonkeyPatch) -> None:
    granted(monkeypatch, 2, of=2)

    with conv_threads(1):
        [finding] = processor.threads()

    assert (finding.grade, finding.found) == ("slow", "1 thread on 2 cores")
    assert finding.cost == "conv layers of an image take 60 ms, 30 with 2 threads"
    assert finding.command == "export OMP_NUM_THREADS=2"


def test_more_threads_than_a_container_grants(monkeypatch: pytest.MonkeyPatch) -> None:
    granted(monkeypatch, 2, of=64, quota=1.5)

    with conv_threads(4):
        [finding] = processor.threads()

    assert finding.found == "4 threads on 2 cores of 64 (this process is bound, 1.5 by its control group)"
    assert finding.command == "export OMP_NUM_THREADS=2"


@pytest.mark.parametrize(("milliseconds", "grade"), [(200.0, "slow"), (65.0, "fine")])
def test_a_processor_without_avx512_is_slow_if_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, milliseconds: float, grade: str
) -> None:
    (tmp_path / "cpuinfo").write_text(AVX2)
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr(processor, "conv_milliseconds", lambda threads: milliseconds)

    [finding] = processor.instructions()

    assert finding.grade == grade and finding.found.startswith("x86_64 with AVX2")
    assert f"conv layers take {milliseconds:.0f} ms of one core, 60 on" in finding.found + finding.cost


def test_the_instructions_of_arm_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("Features\t: fp asimd asimddp i8mm bf16\n")
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setattr("platform.machine", lambda: "aarch64")

    [finding] = processor.instructions()

    assert finding.grade == "fine"
    assert finding.found.startswith("aarch64 with bfloat16, NEON, dot product, int8 products;")


def test_a_system_that_does_not_tell_instructions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "none")

    assert [finding.grade for finding in processor.instructions()] == ["fine"]


def test_several_nodes_of_memory_are_noted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(processor, "NODES", tmp_path)
    (tmp_path / "node0").mkdir()
    one = [finding.grade for finding in processor.nodes()]
    (tmp_path / "node1").mkdir()

    assert (one, [finding.grade for finding in processor.nodes()]) == (["fine"], ["note"])
