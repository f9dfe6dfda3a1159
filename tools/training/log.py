"""What is kept of a training: a line for every stage, epoch and training of the SVMs, and the curves of the losses."""

import json
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sppnet.data import write_whole

from ..command.progress import Progress
from ..reports.curves import loss_curves

FILE = "log.jsonl"
TUNING = "fine-tuning"  # the stage that has epochs
SECONDS_BETWEEN = 30.0  # of writing, within a stage


class Log:
    """Shows the progress of a training and notes how its stages, epochs and SVMs come; used like `Progress`.

    The file has what is known at every moment, but for the last half minute of a stage, so that a training that is
    killed leaves it.

    Args:
        file: Where it is kept while the training runs; None for nowhere.
        goes_on: Whether the file is that of the same training, which was interrupted; else it is replaced.

    Attributes:
        seconds: stage -> seconds in this run.
    """

    def __init__(self, file: Path | None = None, *, goes_on: bool = False) -> None:
        self._progress, self._file = Progress(), file
        self._before: dict[str, float] = {}  # stage -> seconds in the runs that were interrupted
        self._notes: dict[str, dict[int, dict[str, Any]]] = {}  # stage -> number of the epoch or round -> line
        self._last = self._written = time.monotonic()
        self._since: float | None = None  # when what is noted next began, if this run has seen that
        self.seconds = self._progress.seconds
        if file and goes_on:
            self._take(file)

    def __enter__(self) -> Self:
        self._progress.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.__exit__(kind, error, at)
        self._write()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Note that `done` of the `total` parts of a stage are done."""
        before, self._last, new = self._last, time.monotonic(), stage not in self.seconds
        self._progress(stage, done, total)
        if new:
            self._since = before if done == 1 else None
        if new or self._last - self._written > SECONDS_BETWEEN:
            self._write()

    def note(self, line: dict[str, Any]) -> None:
        """Take what is known of an epoch or a round; of a stage that begins anew, what was known before is left out."""
        now = time.monotonic()
        seconds = None if self._since is None else round(now - self._since, 1)
        self._since = self._last = now
        number = _number(line)
        known = self._notes.setdefault(line["stage"], {})
        for later in [other for other in known if other >= number]:
            del known[later]
        known[number] = {**line, "seconds": seconds}
        self._write()

    def lines(self, metrics: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what is known of every stage, epoch and round, in their order.

        Epochs that were noted nowhere are those in the metrics, without their seconds.
        """
        notes, found = dict(self._notes), []
        if history := metrics.get("fine_tuning"):
            losses = enumerate(zip(history["losses"], history["held_out_losses"], strict=True), 1)
            known = {
                epoch: {"stage": TUNING, "epoch": epoch, "loss": loss, "held_out_loss": held, "seconds": None}
                for epoch, (loss, held) in losses
            }
            notes[TUNING] = {epoch: notes.get(TUNING, {}).get(epoch, line) for epoch, line in known.items()}
        for stage in dict.fromkeys([*self._before, *self.seconds, *notes]):
            found += [line for _, line in sorted(notes.get(stage, {}).items())]
            if stage in self._before or stage in self.seconds:
                seconds = self._before.get(stage, 0.0) + self.seconds.get(stage, 0.0)
                found.append({"stage": stage, "seconds": round(seconds, 1)})
        return found

    def _write(self) -> None:
        self._written = time.monotonic()
        if self._file:
            write_whole(self._file, _bytes(self.lines({})))

    def _take(self, file: Path) -> None:
        """Take over the lines of the runs before; a file that cannot be read is as good as none."""
        try:
            for line in map(json.loads, file.read_text().splitlines()):
                if "epoch" in line or "round" in line:
                    self._notes.setdefault(line["stage"], {})[_number(line)] = line
                else:
                    self._before[line["stage"]] = float(line["seconds"])
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            self._before, self._notes = {}, {}


def write_log(folder: Path, lines: list[dict[str, Any]], metrics: dict[str, Any]) -> None:
    """Write log.jsonl into the folder of a model, and curves.png if layers have learned."""
    write_whole(folder / FILE, _bytes(lines))
    history = metrics.get("fine_tuning")
    if history and history["losses"]:
        write_whole(folder / "curves.png", loss_curves(history))


def _number(line: dict[str, Any]) -> int:
    return int(line["epoch"] if "epoch" in line else line["round"])


def _bytes(lines: list[dict[str, Any]]) -> bytes:
    return "".join(f"{json.dumps(line)}\n" for line in lines).encode()
