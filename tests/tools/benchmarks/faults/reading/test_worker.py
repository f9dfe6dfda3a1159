"""The process that reads what may end it."""

import os
import time
from pathlib import Path
from typing import Any

from sppnet.data import DataError
from sppnet.tools.benchmarks.faults.reading.worker import Verdict, Worker, judged


def ended(_: object) -> None:
    os.abort()


def slept(seconds: float) -> None:
    time.sleep(seconds)


def of(calls: list[Any], folder: Path) -> Verdict:
    return judged(calls, folder)


def wrote(_: Path) -> None:
    Path("executed").write_text("x")


def started(_: Path) -> None:
    os.system("true")


def divided(_: Path) -> None:
    raise ZeroDivisionError("division by zero")


def refused(folder: Path) -> None:
    raise DataError(f"{folder}: no")


def refused_in_lines(folder: Path) -> None:
    raise DataError(f"{folder}: no\nno")


def read(_: Path) -> int:
    return 3


def test_what_readers_do_is_judged_and_what_ends_the_process_too(tmp_path: Path) -> None:
    with Worker(tmp_path / "empty") as worker:
        good = worker.run(of, [read, refused], tmp_path)
        bad = [worker.run(of, [call], tmp_path) for call in (wrote, started, divided, refused_in_lines)]
        there = [file.name for file in (tmp_path / "empty").iterdir()]
        died = worker.run(ended, None)
        hung = worker.run(slept, 60.0, seconds=0.2)

    assert good.survived and good.said == ("read, 3", f"DataError: {tmp_path}: no")
    assert not any(verdict.survived for verdict in bad)
    assert "opened 'executed'" in bad[0].said[0] and bad[0].said[1] == "wrote executed"
    assert "os.system" in bad[1].said[0] and bad[2].said[0].startswith("ZeroDivisionError at test_worker.py")
    assert "several lines" in bad[3].said[0]
    assert died.said == ("died: SIGABRT",) and hung.said == ("hung: given up after 0.2 s",)
    assert there == []
