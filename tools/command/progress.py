"""How far a long run is: bars with the time left on a terminal, a plain line now and then elsewhere."""

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from .console import duration, say

SECONDS_BETWEEN_LINES = 10.0


class Progress:
    """Shows the stages of a run on standard error; calling it is what the library's `progress` argument expects.

    Attributes:
        seconds: stage -> seconds it has taken, the time before a call belongs to the stage that calls.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last_call = self._last_line = time.monotonic()
        self._done: dict[str, int] = {}
        self._started: dict[str, float] = {}
        self._tasks: dict[str, TaskID] = {}
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            redirect_stdout=False,
            disable=not sys.stderr.isatty(),
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if not self._bars.disable:  # before rich 14.3 an empty line would be printed
            self._bars.stop()

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        """Note that `done` of the `total` parts of a stage are done; nobody knows how many there are for None."""
        now = time.monotonic()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._last_call
        if done <= self._done.get(stage, 0):  # the stage runs once more
            self._started[stage] = self._last_call
            if stage in self._tasks:
                self._bars.reset(self._tasks[stage])
        started = self._started.setdefault(stage, self._last_call)
        self._done[stage], self._last_call = done, now
        if not self._bars.disable:
            if stage not in self._tasks:
                self._tasks[stage] = self._bars.add_task(stage)
            self._bars.update(self._tasks[stage], completed=done, total=total)
        elif done == total or now - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = now
            if total is None:
                say(f"{stage} {done}")
                return
            left = (now - started) * (total - done) / max(done, 1)
            say(f"{stage} {done}/{total}" + (f", {duration(left)} left" if 0 < done < total else ""))
