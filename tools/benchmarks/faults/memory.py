"""Memory of `sppnet detect` over thousands of images of hundreds of sizes: what the libraries keep of each must end.

`python -m sppnet.tools.benchmarks.faults.memory [--images 5000] [--sizes 500] [-m voc07-small] [--quick] [-- OPTIONS]`

Options after `--` are those of `sppnet detect`. Memory is what is resident, as Linux tells it.
"""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np
from PIL import Image, ImageDraw

from ...command.console import CommandError, seed_option
from .outcome import Outcome

SIDES = 200, 1000  # pixels
FIRST_LOOKS, LOOK_EVERY = (10, 50, 100, 250), 500  # images
WARM = 0.2  # of the run, after which the slope is measured
MOST_SLOPE = 2.0  # MB in 1,000 images that count as flat


@click.command()
@click.option("--images", type=click.IntRange(2), default=5000, help="How many; links to one of each size.")
@click.option("--sizes", type=click.IntRange(1), default=500, help="Heights and widths, drawn at random.")
@click.option("-m", "--model", default="voc07-small", help="Folder or name of the model.")
@click.option("--quick", is_flag=True, help="A trial of 60 images.")
@click.argument("options", nargs=-1)
@seed_option
def command(images: int, sizes: int, model: str, quick: bool, options: tuple[str, ...], seed: int) -> None:
    """Print the memory after so many images, and by how much it grows in 1,000."""
    looks = []
    for done, megabytes in _run(60 if quick else images, min(30, sizes) if quick else sizes, model, options, seed):
        looks.append((done, megabytes))
        click.echo(f"{done:6,} images {megabytes:7.1f} MB")
    click.echo(f"{slope(looks):+.2f} MB in 1,000 images")


def outcomes(seed: int, quick: bool) -> Iterator[Outcome]:
    """Yield what became of the memory; a quick run is too short to tell a slope, and survives by its end."""
    looks = list(_run(*((60, 30) if quick else (5000, 500)), "voc07-small", (), seed))
    grown, (images, megabytes) = slope(looks), looks[-1]
    told = f"{megabytes:.0f} MB" if quick else f"{megabytes:.0f} MB, {grown:+.2f} MB in 1,000 images"
    flat = quick or grown <= MOST_SLOPE
    repeated = "" if flat else f"; python -m sppnet.tools.benchmarks.faults.memory --seed {seed}"
    yield Outcome("memory of images of many sizes", images, images * flat, told + repeated)


def slope(looks: Sequence[tuple[int, float]]) -> float:
    """Return by how much memory grows in a thousand images: the line nearest to what was seen when warm."""
    warm = np.array([look for look in looks if look[0] >= WARM * looks[-1][0]])
    return float(1000 * np.polyfit(warm[:, 0], warm[:, 1], 1)[0]) if len(warm) > 1 else 0.0


def write_images(folder: Path, images: int, sizes: int, seed: int) -> None:
    """Make a folder of so many names of images, one for each size: shapes before a soft background."""
    folder.mkdir()
    random = np.random.default_rng(seed)
    for number in range(images):
        file = folder / f"{number:06d}.jpg"
        if number >= sizes:
            file.symlink_to(folder / f"{number % sizes:06d}.jpg")
            continue
        size = random.integers(SIDES[0], SIDES[1] + 1, 2)
        blotches = Image.fromarray(random.integers(80, 176, (6, 8, 3), np.uint8))
        picture = blotches.resize((int(size[0]), int(size[1])), Image.Resampling.BICUBIC)
        for _ in range(4):
            corners = np.sort(random.random((2, 2)) * size, axis=0).ravel().tolist()
            ImageDraw.Draw(picture).rectangle(corners, fill=tuple(random.integers(0, 256, 3).tolist()))
        picture.save(file)


def _run(images: int, sizes: int, model: str, options: Sequence[str], seed: int) -> Iterator[tuple[int, float]]:
    """Yield images done and MB resident while `sppnet detect` works.

    Raises:
        CommandError: If it fails.
    """
    with TemporaryDirectory() as folder:
        write_images(Path(folder, "images"), images, sizes, seed)
        call = [sys.executable, "-m", "sppnet", "detect", f"{folder}/images", "-m", model, "--no-images"]
        with subprocess.Popen(
            [*call, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            assert process.stdout is not None
            for done, _ in enumerate(process.stdout, 1):  # a line for each image
                if done in FIRST_LOOKS or done % LOOK_EVERY == 0 or done == images - 5:  # at its end it may be gone
                    yield done, _resident(process.pid)
        if process.returncode:
            raise CommandError(f"sppnet detect ended with {process.returncode}: run it alone to see why", 1)


def _resident(process: int) -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


if __name__ == "__main__":
    command()
