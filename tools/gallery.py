"""Every picture of README and docs, made anew.

python -m sppnet.tools.gallery [--data VOC2007] [-o .readme]

Those that say what the detector does are made of photographs that are installed along, and of drawn shapes; that of the
served page needs Chromium and playwright. Those of measurements on VOC2007 are made with --data only, and take hours:
the last trains two classifiers.
"""

import io
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np
from matplotlib.cbook import get_sample_data
from PIL import Image

from sppnet.data import VOC_CLASSES, write_whole
from sppnet.detector import draw

from .benchmarks.serving import serving
from .command.console import CommandError, say
from .command.detecting.filming import FilmWriter
from .command.detecting.footage import Film
from .command.shapes import CLASSES, draw_shapes
from .reports.detections import jpeg

RATE, SECONDS = 25, 2.0  # of the film
VIEW = (320, 240)  # pixels of its frames
SHOWN = (0, 24, 49)  # frames that the gallery shows
PAGE_SIZE = (1100, 730)  # of the browser's window


def photographs() -> list[Path]:
    """Return the photographs that come with matplotlib and scikit-learn."""
    from sklearn import datasets

    images = Path(datasets.__path__[0], "images")
    return [
        Path(str(get_sample_data("grace_hopper.jpg", asfileobj=False))),
        images / "china.jpg",
        images / "flower.jpg",
    ]


def officer(folder: Path) -> bytes:
    """Return the officer with what the model in the box finds."""
    _run("demo", "-o", folder)
    return (folder / "detections.jpg").read_bytes()


def mosaic(folder: Path) -> bytes:
    """Return all photographs side by side."""
    file = folder / "mosaic.jpg"
    _run("detect", *photographs(), "--no-images", "--mosaic", file, "--conf", ".3")
    return file.read_bytes()


def film(folder: Path) -> bytes:
    """Return frames of an annotated film, in which a camera moves down over the officer."""
    photograph = Image.open(photographs()[0])
    count, path = round(RATE * SECONDS), folder / "officer.mp4"
    with FilmWriter(path, Fraction(RATE)) as writer:
        for number in range(count):
            top = round(number / count * (photograph.height - photograph.width * VIEW[1] / VIEW[0]))
            view = (0, top, photograph.width, top + round(photograph.width * VIEW[1] / VIEW[0]))
            writer.write(photograph.resize(VIEW, Image.Resampling.LANCZOS, box=view), number / RATE)
    _run("detect", path, "-o", folder / "film", "--every", "5")
    annotated = Film(str(folder / "film" / "officer.mp4"))
    frames = [frame.read() for frame in annotated if frame.number in SHOWN]
    annotated.close()
    return jpeg(Image.fromarray(np.hstack(frames)))


def labels(_folder: Path) -> bytes:
    """Return drawn shapes, more than a person would want on a picture, with their labels."""
    random = np.random.default_rng(7)
    parts = [draw_shapes(random) for _ in range(6)]
    image = np.vstack([np.hstack([part[0] for part in parts[row : row + 3]]) for row in (0, 3)])
    boxes, captions, numbers = [], [], []
    for place, (part, found, names) in enumerate(parts):
        corner = np.tile([place % 3 * part.shape[1], place // 3 * part.shape[0]], 2)
        for box, name in zip(found + corner, names, strict=True):
            # Each is found three times, as by several models: labels must make way.
            for shift in (0, 6, -5):
                boxes.append((box + shift).clip(0).tolist())
                captions.append(f"{name} {0.9 - abs(shift) / 20:.2f}")
                numbers.append(CLASSES.index(name))
    return jpeg(draw(image, boxes, captions, numbers))


def colours(_folder: Path) -> bytes:
    """Return the colours of VOC's twenty classes."""
    boxes = [(150 * (n % 5) + 8, 64 * (n // 5) + 30, 150 * (n % 5) + 140, 64 * (n // 5) + 60) for n in range(20)]
    ground = np.full((64 * 4 + 8, 150 * 5, 3), 128, np.uint8)
    return jpeg(draw(ground, boxes, VOC_CLASSES, range(20)))


def explanation(folder: Path) -> bytes:
    """Return why the officer was found."""
    _run("explain", photographs()[0], "-o", folder / "why.png")
    return jpeg(Image.open(folder / "why.png").convert("RGB"))


def served_page(_folder: Path) -> bytes:
    """Return the page of `sppnet serve` with the pyramid in hand."""
    from playwright.sync_api import sync_playwright

    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        raise CommandError("the picture of the page needs Chromium: install it, or name another folder with -o", 1)
    with serving(["--port", "0"]) as (_, address), sync_playwright() as playwright:
        window = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        page = window.new_page(viewport={"width": PAGE_SIZE[0], "height": PAGE_SIZE[1]})
        page.goto(address)
        page.wait_for_selector("#model option", state="attached")
        page.set_input_files("#pick", photographs()[0])
        page.wait_for_selector("#panel:not([hidden])")
        page.click("#tab-pyramid")
        page.wait_for_selector("#pooled-size:not(:empty)")
        page.wait_for_timeout(500)  # until the vector is drawn
        picture = page.screenshot()
        window.close()
    return jpeg(Image.open(io.BytesIO(picture)).convert("RGB"))


PICTURES: dict[str, Callable[[Path], bytes]] = {
    "detections.jpg": officer,
    "labels.jpg": labels,
    "colours.jpg": colours,
    "mosaic.jpg": mosaic,
    "film.jpg": film,
    "explanation.jpg": explanation,
    "serve.jpg": served_page,
}
_RACE = "bench -m voc07 --images 50 --threads 2 --detectors none"
_SIZES = "--labels objects --backbone small --epochs 12 --test-limit 2000"
# Of a VOC2007 folder and one for what is made: the command, and what it makes.
MEASURED: dict[str, Callable[[Path, Path], tuple[list[str | Path], Path]]] = {
    "proposals.png": lambda data, folder: (
        ["make", "bench-proposals", f"SPPNET_VOC2007={data}", f"OPTIONS=--parts fast --plots {folder}"],
        folder / "sppnet.proposals.png",
    ),
    "race.png": lambda data, folder: (
        [*_python("sppnet"), *_RACE.split(), "--data", data, "-o", folder],
        folder / "bench.png",
    ),
    "sizes.png": lambda data, folder: (
        [*_python("sppnet.tools.benchmarks.sizes"), *_SIZES.split(), "--data", data, "--plot", folder / "sizes.png"],
        folder / "sizes.png",
    ),
}


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="A VOC2007 folder: also make what is measured on it.")
@click.option("-o", "--output", type=click.Path(path_type=Path), default=".readme", help="Folder for the pictures.")
def command(data: Path | None, output: Path) -> None:
    """Make the pictures of README and docs anew."""
    for name, content in _made(data):
        write_whole(output / name, content)
        say(f"{output / name}: {len(content):,} bytes")
    if data is None:
        say(f"left as they are: {', '.join(MEASURED)}; --data makes them, too")


def _made(data: Path | None) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of every picture."""
    for name, make in PICTURES.items():
        with TemporaryDirectory() as folder:
            yield name, make(Path(folder))
    for name, plan in MEASURED.items() if data else ():
        assert data is not None
        with TemporaryDirectory() as folder:
            call, file = plan(data.absolute(), Path(folder))
            _call(call)
            yield name, file.read_bytes()


def _python(module: str) -> list[str]:
    return [sys.executable, "-m", module]


def _run(*words: str | Path) -> None:
    _call([*_python("sppnet"), *words])


def _call(words: Sequence[str | Path]) -> None:
    """Run a command, its results on standard error with its messages."""
    if subprocess.run(words, stdout=sys.stderr).returncode:
        raise CommandError(f"{' '.join(map(str, words))}: failed, see above", 1)


if __name__ == "__main__":
    command()
