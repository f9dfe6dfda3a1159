"""What all verbs share: messages on standard error, exit codes and common options."""

import math
import os
import re
from pathlib import Path
from typing import Any

import click

from sppnet import detector
from sppnet.detector.limits import granted_cores

from .gpus import may_have_gpu
from .libraries import set_up
from .options.choices import ChoiceOf
from .shown import shown

USAGE, BAD_DATA, BAD_MODEL, SKIPPED, INTERRUPTED = 2, 3, 4, 5, 130


def _device_name(_context: click.Context, _option: click.Parameter, device: str) -> str:
    if not re.fullmatch(r"auto|cpu|cuda(:[0-9]{1,3})?", device):
        raise click.BadParameter(f"{device!r} is no device: give auto, cpu, cuda, or cuda:1 for the second GPU")
    return device


# Whether the device is there is for `find_device` to say: asking torch takes a second, which only some verbs need.
device_option = click.option(
    "--device",
    default="auto",
    metavar="auto|cpu|cuda[:N]",
    callback=_device_name,
    help="Where to compute; auto takes a GPU if there is one.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
model_output_option = click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="Folder of the model to make."
)
lenient_option = click.option("--lenient", is_flag=True, help="Leave out broken files and boxes, and exit with 5.")
seed_option = click.option("--seed", type=click.IntRange(0), default=0, help="Same seed, same result.")
threads_option = click.option(
    "--threads", type=click.IntRange(1), help="Threads to compute with.  [default: one for each core that is granted]"
)
deterministic_option = click.option(
    "--deterministic",
    is_flag=True,
    help="The same bytes with any number of threads and workers, on a CPU: every library computes on one thread.",
)
workers_option = click.option(
    "--workers",
    type=click.IntRange(0),
    default=min(8, granted_cores()),
    help="Threads that compute windows ahead, or processes for a GPU; 0 computes each when it is needed.",
)


class FiniteRange(click.FloatRange):
    """A range of numbers without NaN and infinity, which click lets pass."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number, or fail as a wrong use of the command."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number", param, ctx)
        return number


class CommandError(Exception):
    """An error shown as one line, with the exit code of the command."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def set_threads(threads: int | None, *, deterministic: bool = False) -> None:
    """Let everything in this process compute with so many threads, or for None with one for each core that is granted.

    Deterministic: until the running command ends, see `detector.deterministic`.
    """
    set_up()  # before the import of torch
    import cv2
    import numba
    from threadpoolctl import threadpool_limits

    granted = granted_cores()
    if threads is None and granted < numba.get_num_threads() and "OMP_NUM_THREADS" not in os.environ:
        threads = granted
    if threads is not None:
        cv2.setNumThreads(threads)
        detector.set_thread_count(threads)
        numba.set_num_threads(min(threads, numba.get_num_threads()))
        threadpool_limits(threads)
    if deterministic:
        click.get_current_context().with_resource(detector.deterministic())


engine_option = click.option(
    "--engine",
    type=ChoiceOf(lambda: detector.ENGINE_NAMES),
    default="auto",
    help="What runs the conv layers: onnx, torch, or auto for onnx on a CPU in float32 and torch elsewhere.",
)


def find_device(device: str, *, deterministic: bool = False) -> str:
    """Return the name that torch has for the device of `--device`; for deterministic results that is the CPU.

    Raises:
        click.BadParameter: If it is not there, or a GPU where results are to be deterministic.
    """
    if device == "cpu" or (device == "auto" and (deterministic or not may_have_gpu())):
        return "cpu"
    if deterministic:
        raise click.BadParameter(f"--deterministic computes on the CPU, not on {device!r}", param_hint="'--device'")
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device == "auto":
        return "cuda" if count else "cpu"
    if int(device.partition(":")[2] or 0) >= count:
        there = "torch sees no GPU" if not count else f"torch sees {count} GPU{'s' * (count > 1)}, the first is cuda:0"
        raise click.BadParameter(f"{device!r} cannot be had: {there}", param_hint="'--device'")
    return device


def say(message: str) -> None:
    """Write a line to standard error, where everything goes that is not a result; see `shown`."""
    click.echo(shown(message), err=True)


def warn(problems: list[str]) -> None:
    """Say what was left out of a run: the first ten problems, and how many there are."""
    for problem in problems[:10]:
        say(f"warning: {problem}")
    if len(problems) > 10:
        say(f"warning: {len(problems)} problems in all")


def finish(skipped: bool) -> None:
    """End the running command with the exit code of complete work, or of work with gaps."""
    click.get_current_context().exit(SKIPPED if skipped else 0)


def duration(seconds: float) -> str:
    """Return a time as a person says it: `8 s`, `12 min`, `2.5 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
