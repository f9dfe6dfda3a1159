"""Seconds from the command to the first detection, and memory: `sppnet detect` on one photograph, started anew.

python -m sppnet.tools.benchmarks.start PHOTO [--models voc07,voc07-small] [--engines onnx,torch] [--runs 5] [--json]
"""

import json
import os
import statistics
import subprocess
import sys
import time
from tempfile import TemporaryDirectory

import click
from rich.console import Console
from rich.table import Table

from ..command.console import CommandError, json_option


@click.command()
@click.argument("photo", type=click.Path())
@click.option("--models", default="voc07,voc07-small", help="Folders or names of models, divided by commas.")
@click.option("--engines", default="onnx", help="Of the conv layers, divided by commas.")
@click.option("--threads", type=click.IntRange(1), default=2, help="Of each run.")
@click.option("--runs", type=click.IntRange(1), default=5, help="Medians are over so many, all models by turns.")
@json_option
def command(photo: str, models: str, engines: str, threads: int, runs: int, as_json: bool) -> None:
    """Print medians over runs whose files are in the system's cache: one run before them is not counted."""
    kinds = [(model, engine) for model in models.split(",") for engine in engines.split(",")]
    measured: dict[tuple[str, str], list[tuple[float, float]]] = {kind: [] for kind in kinds}
    for run in range(runs + 1):
        for kind in kinds:
            figures = _started(photo, *kind, threads)
            if run:
                measured[kind].append(figures)
    rows = [
        {"model": model, "engine": engine, "seconds": statistics.median(seconds), "bytes": max(peaks)}
        for (model, engine), figures in measured.items()
        for seconds, peaks in [tuple(zip(*figures, strict=True))]
    ]
    if as_json:
        click.echo(json.dumps({"threads": threads, "runs": runs, "rows": rows}))
        return
    table = Table("model", "engine", "s to the first detection", "MB", title=f"{runs} runs, {threads} threads")
    for row in rows:
        table.add_row(row["model"], row["engine"], f"{row['seconds']:.2f}", f"{row['bytes'] / 1e6:.0f}")
    Console().print(table)


def _started(photo: str, model: str, engine: str, threads: int) -> tuple[float, float]:
    """Return the seconds until the first line of output, and the bytes resident at the peak of the process."""
    with TemporaryDirectory() as output:
        call = [sys.executable, "-m", "sppnet", "detect", photo, "-m", model, "-o", output]
        options = ["--engine", engine, "--threads", str(threads)]
        started = time.perf_counter()
        with subprocess.Popen([*call, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            seconds = time.perf_counter() - started
            process.stdout.read()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or not line:
        raise CommandError(f"sppnet detect ended with {process.returncode}: run it alone to see why", 1)
    return seconds, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    command()
