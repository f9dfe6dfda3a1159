"""What a server answers under load: `sppnet serve` asked by many clients at once, beside `SPPNet.predict`.

python -m sppnet.tools.benchmarks.serving PHOTO... [-m MODEL] [--requests 200] [--clients 16] [--queue 16] [--json]
"""

import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from sppnet.data import read_image

from ..command.console import CommandError, json_option, set_threads, threads_option
from ..command.running.models import load

ROUNDS = 3  # of requests, one after the other, each of so many as were asked for: memory that grows shows


@click.command()
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-m", "--model", type=click.Path(path_type=Path), help="Folder of a model.  [default: the bundled one]")
@click.option("--requests", "count", type=click.IntRange(1), default=200, help="Of a round.")
@click.option("--clients", type=click.IntRange(1), default=16, help="That ask at once.")
@click.option("--queue", type=click.IntRange(0), default=16, help="Of the server.")
@threads_option
@json_option
def command(
    photos: tuple[Path, ...],
    model: Path | None,
    count: int,
    clients: int,
    queue: int,
    threads: int | None,
    as_json: bool,
) -> None:
    """Print statuses, latencies in milliseconds (p50, p95) and the memory of the server, round by round."""
    set_threads(threads)
    bodies = [photo.read_bytes() for photo in photos]
    network = load([] if model is None else [model], "union", "cpu", "auto")
    images = [read_image(body) for body in bodies]
    network.predict(images[:1])
    rows: list[dict[str, Any]] = [
        {"what": "SPPNet.predict", **_latencies([_seconds(network.predict, [image]) for image in images])}
    ]
    options = ["--port", "0", "--queue", str(queue), *(["--model", str(model)] if model else [])]
    with serving([*options, *(["--threads", str(threads)] if threads else [])]) as (process, address):
        rows.append({"what": "1 client", **_round(address, bodies, len(bodies), 1), "bytes": resident(process.pid)})
        for _ in range(ROUNDS):
            figures = _round(address, bodies, count, clients)
            rows.append({"what": f"{clients} clients", **figures, "bytes": resident(process.pid)})
    if as_json:
        click.echo(json.dumps({"requests": count, "clients": clients, "queue": queue, "rows": rows}))
        return
    table = Table("", "answers", "ms p50", "ms p95", "requests/s", "server MB", title=f"{count} requests a round")
    for row in rows:
        answers = ", ".join(f"{number} x {status}" for status, number in row.get("statuses", {}).items())
        rate, memory = row.get("per_second"), row.get("bytes")
        cells = (f"{rate:.1f}" if rate else "", f"{memory / 1e6:.0f}" if memory else "")
        table.add_row(row["what"], answers, f"{row['p50']:.0f}", f"{row['p95']:.0f}", *cells)
    Console().print(table)


@contextmanager
def serving(options: Sequence[str]) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Run a server, and give the process and its address; at the end it must go in order.

    Raises:
        CommandError: If it does not start, or ends with an error.
    """
    call = [sys.executable, "-m", "sppnet", "serve", *options]
    with subprocess.Popen(call, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        found = next(filter(None, (re.search(r"http://\S+", line) for line in process.stderr)), None)
        if found is None:
            raise CommandError("sppnet serve does not start: run it alone to see why", 1)
        try:
            yield process, found[0]
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate()
    if process.returncode:
        raise CommandError(f"sppnet serve ended with {process.returncode}", 1)


def resident(pid: int) -> int | None:
    """Return the bytes of memory that a process holds, where the system tells it (Linux)."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    return 1024 * int(re.findall(r"^VmRSS:\s+(\d+)", status, re.MULTILINE)[0])


def _round(address: str, bodies: Sequence[bytes], count: int, clients: int) -> dict[str, Any]:
    import httpx

    with httpx.Client(trust_env=False, timeout=300, limits=httpx.Limits(max_connections=clients)) as client:

        def ask(body: bytes) -> tuple[int, float]:
            started = time.perf_counter()
            answer = client.post(f"{address}/detect", content=body, headers={"Content-Type": "image/jpeg"})
            return answer.status_code, time.perf_counter() - started

        started = time.perf_counter()
        with ThreadPoolExecutor(clients) as pool:
            answers = list(pool.map(ask, islice(cycle(bodies), count)))
        seconds = time.perf_counter() - started
    statuses = Counter(str(status) for status, _ in answers)
    latencies = _latencies([elapsed for status, elapsed in answers if status == 200])
    return {"statuses": dict(statuses), "per_second": count / seconds, **latencies}


def _seconds(work: Callable[..., object], *arguments: object) -> float:
    started = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - started


def _latencies(seconds: Sequence[float]) -> dict[str, float]:
    """Return percentiles in milliseconds; NaN of none."""
    milliseconds = 1000 * np.array(seconds or [np.nan])
    return {f"p{percent}": float(np.percentile(milliseconds, percent)) for percent in (50, 95)}


if __name__ == "__main__":
    command()
