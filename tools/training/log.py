"""What is kept of a training beside the model: a line for every stage and epoch, and the curves of the losses."""

import json
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sppnet.data import write_whole

from ..command.progress import Progress
from ..reports.curves import loss_curves

TUNING = "fine-tuning"  # the stage that has epochs


class Log:
    """Shows the progress of a training and notes how long its stages and epochs take; used like `Progress`.

    Attributes:
        seconds: stage -> seconds.
    """

    def __init__(self, epochs: int) -> None:
        self._progress, self._epochs = Progress(), epochs
        self._ends: dict[int, float] = {}  # epoch -> the time at which it ended; 0 stands for the start
        self._last = time.monotonic()
        self.seconds = self._progress.seconds

    def __enter__(self) -> Self:
        self._progress.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.__exit__(kind, error, at)

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Note that `done` of the `total` parts of a stage are done."""
        self._progress(stage, done, total)
        before, self._last = self._last, time.monotonic()
        if stage == TUNING and done == 1:
            self._ends[0] = before
        if stage == TUNING and done * self._epochs % total == 0:
            self._ends[done * self._epochs // total] = self._last

    def lines(self, metrics: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what is known of every stage, and of every epoch of fine-tuning, in their order."""
        history, found = metrics.get("fine_tuning") or {"losses": [], "held_out_losses": []}, []
        for stage, seconds in self.seconds.items():
            losses = zip(history["losses"], history["held_out_losses"], strict=True) if stage == TUNING else ()
            for epoch, (loss, held_out) in enumerate(losses, 1):
                took = self._took(epoch)
                found.append({"stage": stage, "epoch": epoch, "loss": loss, "held_out_loss": held_out, "seconds": took})
            found.append({"stage": stage, "seconds": round(seconds, 1)})
        return found

    def _took(self, epoch: int) -> float | None:
        """Return the seconds of an epoch; None where this run has not seen all of it."""
        if epoch - 1 not in self._ends or epoch not in self._ends:
            return None
        return round(self._ends[epoch] - self._ends[epoch - 1], 1)


def write_log(folder: Path, lines: list[dict[str, Any]], metrics: dict[str, Any]) -> None:
    """Write log.jsonl into the folder of a model, and curves.png if layers have learned."""
    write_whole(folder / "log.jsonl", "".join(f"{json.dumps(line)}\n" for line in lines).encode())
    history = metrics.get("fine_tuning")
    if history and history["losses"]:
        write_whole(folder / "curves.png", loss_curves(history))
