"""`sppnet detect` on thousands of images, killed at random and gone on with: the same file as without, in flat memory.

python -m sppnet.tools.benchmarks.kills VOC2007/JPEGImages [--images 10000] [--kills 5] [--small] [-m MODEL] [--json]

The images are links to the first hundred of a folder, under names of their own. Memory is that of the run that nothing
kills, as Linux tells it.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import click
import numpy as np

from sppnet.data import IMAGE_SUFFIXES

from ..command.console import CommandError, duration, json_option, say, seed_option
from ..command.detecting.journal import NAME

LINKED = 100  # images that the links lead to
SMALL = 300  # images of a trial
SECONDS_BETWEEN = 0.5  # of looks at the memory
WARM = 0.2  # of the run, after which the slope of the memory is measured
RESULT = "detections.jsonl"


class Lap(NamedTuple):
    """One process.

    Attributes:
        seconds: From its start to its end.
        killed: Whether it was.
        peak: Bytes resident at most.
        memory: Looks at it: images done, bytes resident.
    """

    seconds: float
    killed: bool
    peak: int
    memory: list[tuple[int, int]]


@click.command()
@click.argument("photos", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--images", type=click.IntRange(2), default=10_000, help="How many links.")
@click.option("--kills", type=click.IntRange(1), default=5, help="By SIGKILL, each at an image drawn at random.")
@click.option("--small", is_flag=True, help=f"A trial, with {SMALL} images.")
@click.option("-m", "--model", default="voc07", help="Folder or name of the model.")
@seed_option
@json_option
def command(photos: Path, images: int, kills: int, small: bool, model: str, seed: int, as_json: bool) -> None:
    """Print whether the results are the same, images a second, and how memory grows; exit with 1 if they differ."""
    count, random = SMALL if small else images, np.random.default_rng(seed)
    with TemporaryDirectory() as folder:
        links, whole, cut = (Path(folder, name) for name in ("photos", "whole", "cut"))
        link(photos, links, count)
        call = [sys.executable, "-m", "sppnet", "detect", str(links), "-m", model]
        call += ["--format", "jsonl", "--no-images", "--resume"]
        say(f"{count:,} images without a kill")
        usual = run(call, whole)
        times = 0
        for place in sorted(random.integers(1, count, kills).tolist()):
            times += run(call, cut, kill_at=place, delay=random.uniform(0, 2 * usual.seconds / count)).killed
            say(f"killed at image {done(cut):,}")
        run(call, cut)
        result = {
            "images": count,
            "kills": times,
            "each_once": names(cut / RESULT) == [str(link) for link in sorted(links.iterdir())],
            "same_bytes": (cut / RESULT).read_bytes() == (whole / RESULT).read_bytes(),
            "seconds": usual.seconds,
            "images_per_second": count / usual.seconds,
            "peak_bytes": usual.peak,
            "bytes_per_1000_images": slope(usual.memory, count),
        }
    if as_json:
        click.echo(json.dumps(result))
    else:
        click.echo(
            f"{count:,} images in {duration(usual.seconds)}, {result['images_per_second']:.1f} a second; memory up to "
            f"{usual.peak / 1e6:.0f} MB, growing by {result['bytes_per_1000_images'] / 1e6:.2f} MB in 1,000 images\n"
            f"killed {times} times and gone on with: every image once: {result['each_once']}; "
            f"the same bytes: {result['same_bytes']}"
        )
    if not (result["each_once"] and result["same_bytes"]):
        raise CommandError("the results of the run that was killed are others", 1)


def link(photos: Path, folder: Path, count: int) -> None:
    """Make a folder of so many links to the first images of another."""
    files = sorted(file.resolve() for file in photos.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES)[:LINKED]
    if not files:
        raise CommandError(f"{photos}: there is no image", 2)
    folder.mkdir()
    for number in range(count):
        file = files[number % len(files)]
        (folder / f"{number:06d}{file.suffix}").symlink_to(file)


def run(call: Sequence[str], output: Path, *, kill_at: int | None = None, delay: float = 0) -> Lap:
    """Run a command until its end, or until it is killed so many seconds after it has done so many images."""
    started, peak, memory, looked = time.perf_counter(), 0, list[tuple[int, int]](), 0.0
    with subprocess.Popen([*call, "-o", str(output)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            time.sleep(0.01)
            if kill_at is not None and done(output) >= kill_at:
                time.sleep(delay)
                process.kill()
            elif time.perf_counter() - looked > SECONDS_BETWEEN and (held := resident(process.pid)):
                looked, peak = time.perf_counter(), max(peak, held[1])
                memory.append((done(output), held[0]))
    if process.returncode not in (0, -9):
        raise CommandError(f"sppnet detect ended with {process.returncode}: run it alone to see why", 1)
    return Lap(time.perf_counter() - started, process.returncode != 0, peak, memory)


def done(output: Path) -> int:
    """Return how many images the note in a folder of results tells; 0 without one."""
    try:
        return int(json.loads((output / NAME).read_bytes())["done"])
    except FileNotFoundError:
        return 0


def resident(process: int) -> tuple[int, int] | None:
    """Return the bytes of a process that are resident, and were at most; None if it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return None
    words = [line.split() for line in lines]
    sizes = {each[0]: 1024 * int(each[1]) for each in words if each[2:] == ["kB"]}
    return (sizes["VmRSS:"], sizes["VmHWM:"]) if "VmRSS:" in sizes else None


def names(file: Path) -> list[str]:
    """Return the names of the images in JSON Lines, in their order."""
    with file.open() as lines:
        return [json.loads(line)["image"] for line in lines]


def slope(memory: Sequence[tuple[int, int]], count: int) -> float:
    """Return by how many bytes memory grows in a thousand images: the line nearest to what was seen when warm."""
    seen = np.array([look for look in memory if look[0] >= WARM * count], np.float64).reshape(-1, 2)
    if len(np.unique(seen[:, 0])) < 2:
        return 0.0
    return float(1000 * np.polyfit(seen[:, 0], seen[:, 1], 1)[0])


if __name__ == "__main__":
    command()
