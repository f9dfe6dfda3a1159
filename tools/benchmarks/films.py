"""What a film costs: `sppnet detect` on a film of drawn shapes and on its frames as images, by turns, and its memory.

python -m sppnet.tools.benchmarks.films [-m MODEL] [--frames 300] [--every 1] [--runs 3] [--threads N] [--json]
"""

import json
import os
import statistics
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from ..command.console import CommandError, json_option
from ..command.detecting.filming import FilmWriter
from ..command.detecting.footage import Film
from ..command.shapes import draw_shapes

RATE = 25
SIZE = (500, 375)  # pixels, as photographs of VOC2007 have them
SECONDS_BETWEEN_LOOKS = 0.25  # at the memory


@click.command()
@click.option("-m", "--model", default="voc07", help="Folder or name of a model.")
@click.option("--frames", type=click.IntRange(2), default=300, help="Of the film.")
@click.option("--every", type=click.IntRange(1), default=1, help="As of `sppnet detect`.")
@click.option("--runs", type=click.IntRange(1), default=3, help="Medians are over so many.")
@click.option("--threads", type=click.IntRange(1), default=2, help="Of each run.")
@json_option
def command(model: str, frames: int, every: int, runs: int, threads: int, as_json: bool) -> None:
    """Print frames in and out, frames a second against images a second, and how memory grows along the film."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        draw_film(folder, frames)
        call = [sys.executable, "-m", "sppnet", "detect", "-m", model, "--threads", str(threads)]
        film = [*call, str(folder / "film.mp4"), "--every", str(every), "-o", str(folder / "out")]
        stills = [*call, str(folder / "stills"), "-o", str(folder / "drawn")]
        measured = [(_run(film), _run(stills)) for _ in range(runs)]
        out = Film(str(folder / "out" / "film.mp4"))
        written = sum(1 for _ in out)
        out.close()
    row: dict[str, Any] = {"frames_in": frames, "frames_out": written, "every": every, "threads": threads}
    for number, kind in enumerate(("film", "stills")):
        runs_of_kind = [pair[number] for pair in measured]
        row[f"{kind}_per_second"] = frames / statistics.median(seconds for seconds, _ in runs_of_kind)
        row[f"{kind}_peak_mb"] = max(max(sizes) for _, sizes in runs_of_kind)
    row["film_mb_per_100_frames"] = statistics.median(_slope(sizes, frames) for (_, sizes), _ in measured)
    if as_json:
        click.echo(json.dumps(row))
        return
    table = Table("", "", title="the whole command, its start included")
    for name, value in row.items():
        table.add_row(name.replace("_", " "), str(value) if isinstance(value, int) else f"{value:.2f}")
    Console().print(table)


def draw_film(folder: Path, frames: int) -> None:
    """Write film.mp4, in which a view wanders over drawn shapes, and its frames as images into stills."""
    (folder / "stills").mkdir()
    random = np.random.default_rng(0)
    shapes = [[draw_shapes(random)[0] for _ in range(3)] for _ in range(3)]
    ground = Image.fromarray(np.vstack([np.hstack(row) for row in shapes]))
    with FilmWriter(folder / "film.mp4", Fraction(RATE)) as film:
        for number in range(frames):
            angle = 2 * np.pi * number / frames
            left = round((ground.width - SIZE[0]) * (1 + np.cos(angle)) / 2)
            top = round((ground.height - SIZE[1]) * (1 + np.sin(angle)) / 2)
            frame = ground.crop((left, top, left + SIZE[0], top + SIZE[1]))
            film.write(frame, number / RATE)
            frame.save(folder / "stills" / f"{number:06d}.jpg", quality=92)


def _run(call: list[str]) -> tuple[float, list[float]]:
    """Return the seconds that a command takes, and the MB resident from time to time while it runs."""
    started, sizes = time.perf_counter(), [0.0]
    with subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            sizes.append(_resident(process.pid))
            time.sleep(SECONDS_BETWEEN_LOOKS)
    if process.returncode:
        raise CommandError(f"{' '.join(call)}: ended with {process.returncode}: run it alone to see why", 1)
    return time.perf_counter() - started, sizes


def _resident(process: int) -> float:
    """Return the MB of a process in memory, 0 where the system does not tell in Linux's way, or it is gone."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _slope(sizes: list[float], frames: int) -> float:
    """Return by how many MB memory grows while a hundred frames go by, in the second half of a run."""
    half = sizes[len(sizes) // 2 : -1]
    if len(half) < 2:
        return 0.0
    return float(np.polyfit(np.linspace(0, frames / 2, len(half)), half, 1)[0] * 100)


if __name__ == "__main__":
    command()
