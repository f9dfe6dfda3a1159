"""Seconds and memory that the worst input of each reader takes, each in a process of its own.

`python -m sppnet.tools.benchmarks.faults.budgets [NAME...] [--seconds 60]`
"""

import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import click

from .worst_inputs import WORST

WINDOWS = (".mat", ".npz", ".json")


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--seconds", type=click.FloatRange(1), default=60.0, help="Given up after so many of the clock.")
@click.option("--file", type=click.Path(path_type=Path), hidden=True, help="Measure the reading of this file.")
def command(names: tuple[str, ...], seconds: float, file: Path | None) -> None:
    """Print a row for each input: its bytes, seconds of the processor, memory, and what came of it."""
    if file:
        click.echo(_measured(file))
        return
    click.echo(f"{'input':28}{'bytes':>12}{'seconds':>9}{'MB':>7}  outcome")
    for name in names or WORST:
        suffix, make = WORST[name]
        with tempfile.TemporaryDirectory() as folder:
            worst = Path(folder, f"worst{suffix}")
            worst.write_bytes(make())
            click.echo(f"{name:28}{worst.stat().st_size:12,}{_in_a_process(worst, seconds)}")


def _in_a_process(file: Path, seconds: float) -> str:
    command = [sys.executable, "-m", "sppnet.tools.benchmarks.faults.budgets", "--file", str(file)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return f"{'':16}  given up after {seconds:g} s of the clock"
    return done.stdout.rstrip("\n") if done.returncode == 0 else f"{'':16}  ended with {done.returncode}"


def _measured(file: Path) -> str:
    """Return seconds, memory beyond that of an idle process, and the outcome of reading a file."""
    from sppnet.data import read_image
    from sppnet.proposals import read_windows

    warnings.simplefilter("ignore")
    idle, started = _peak(), time.process_time()
    try:
        outcome = f"read, {len(dict(read_windows(file)) if file.suffix in WINDOWS else read_image(file)):,}"
    except ValueError as error:
        outcome = f"{type(error).__name__}: {str(error).removeprefix(str(file)).lstrip(': ')}"
    return f"{time.process_time() - started:9.2f}{_peak() - idle:7.0f}  {outcome}"


def _peak() -> float:
    """Return the most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    command()
