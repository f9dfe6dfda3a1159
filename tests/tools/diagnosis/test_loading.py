"""Tests of what is said of libraries that cannot be loaded, load slowly or bring threads of their own."""

from typing import Any

import pytest

from sppnet.tools.diagnosis import loading


def told(monkeypatch: pytest.MonkeyPatch, *lines: dict[str, Any], ended: int = 0) -> None:
    monkeypatch.setattr(loading, "loaded", lambda: (list(lines), ended))


def test_seconds_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, {"loaded": "numpy", "seconds": 0.01}, {"loaded": "torch", "seconds": 3.51})

    [finding] = loading.libraries()

    assert finding.grade == "fine" and finding.found.startswith("torch 3.5 s;")


def test_many_seconds_are_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, {"loaded": "torch", "seconds": 25.0})

    assert [finding.grade for finding in loading.libraries()] == ["slow"]


def test_a_library_that_fails_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, {"begins": "torchvision"}, {"fails": "torchvision", "error": "RuntimeError: no nms"})

    finding, _ = loading.libraries()

    assert (finding.grade, finding.found) == ("broken", "torchvision cannot be loaded: RuntimeError: no nms")
    assert finding.command.endswith("torchvision")


def test_a_library_that_ends_python_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch, {"begins": "numpy"}, {"loaded": "numpy", "seconds": 0.1}, {"begins": "cv2"}, ended=-4)

    finding, _ = loading.libraries()

    assert finding.found.startswith("cv2 cannot be loaded: Python ends by SIGILL")
    assert finding.command.endswith("opencv-python-headless")


def test_the_process_that_loads_them_tells_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "MODULES", {"json": "json", "no_such_library": "none"})
    loading.loaded.cache_clear()
    monkeypatch.setattr(loading, "SCRIPT", loading.SCRIPT.partition("try:\n    from threadpoolctl")[0])

    lines, ended = loading.loaded()
    loading.loaded.cache_clear()

    assert ended == 0
    assert [next(iter(line)) for line in lines] == ["begins", "loaded", "begins", "fails"]


@pytest.mark.parametrize(
    ("kinds", "grade"),
    [([], "fine"), (["libgomp", "libgomp"], "fine"), (["libgomp", "libiomp"], "slow")],
)
def test_threads_of_two_kinds_are_told(monkeypatch: pytest.MonkeyPatch, kinds: list[str], grade: str) -> None:
    told(monkeypatch, {"pools": [{"user_api": "openmp", "prefix": kind} for kind in kinds]})

    assert [finding.grade for finding in loading.openmp()] == [grade]


@pytest.mark.parametrize(("driver", "count", "grade"), [(True, 0, "slow"), (True, 1, "fine"), (False, 0, "fine")])
def test_a_driver_without_a_gpu_for_torch(
    monkeypatch: pytest.MonkeyPatch, driver: bool, count: int, grade: str
) -> None:
    told(monkeypatch, {"gpus": count})
    monkeypatch.setattr(loading, "may_have_gpu", lambda: driver)

    assert [finding.grade for finding in loading.gpus()] == [grade]
