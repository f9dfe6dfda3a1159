"""Seconds and memory that the worst input of each reader takes, each in a process of its own.

`python -m sppnet.tools.benchmarks.faults.budgets [NAME...] [--seconds 120]`
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import click

from ...command.console import CommandError
from ...command.shown import shown
from . import worst_inputs as worst
from . import worst_texts as texts
from .outcome import Outcome
from .reading.readers import READERS
from .reading.small_models import add_backbone
from .reading.worker import Verdict, Worker, judged, write_files

SECONDS, MEGABYTES = 20.0, 2000.0  # of the processor, and beyond what an idle process has: the budget of every input
QUICK = 5  # every so many-th is read
FIRST_SECONDS = 300.0  # for what is loaded and compiled once


class Worst(NamedTuple):
    """The worst input of a reader.

    Attributes:
        reader: Of `READERS`.
        file: Which of its files is replaced.
        make: Makes what that holds then.
    """

    reader: str
    file: str
    make: Callable[[], bytes]


def _image(make: Callable[[], bytes]) -> Worst:
    return Worst("image jpeg.jpg", "jpeg.jpg", make)  # the content decides


def _windows(kind: str, make: Callable[[], bytes]) -> Worst:
    return Worst(f"windows .{kind}", f"windows.{kind}", make)


_COCO = partial(Worst, "coco", "annotations/instances_train.json")
_XML = partial(Worst, "voc-xml", "a.xml")
_DETECTIONS = partial(Worst, "detections list.json", "list.json")
_TENSORS = partial(Worst, "detector", "model.safetensors")
_WEIGHTS = partial(Worst, "weights new.pth", "new.pth")

WORST: dict[str, Worst] = {
    "mat: 2,000,000 packed cells": _windows("mat", lambda: worst.packed_cells(2_000_000)),
    "mat: 100,000,000 packed cells": _windows("mat", lambda: worst.packed_cells(100_000_000)),
    "mat: 500,000 cells": _windows("mat", lambda: worst.plain_cells(500_000)),
    "mat: 400,000 sides": _windows("mat", lambda: worst.many_sides(400_000)),
    "npz: 7 GB said to be 64 MB": _windows("npz", lambda: worst.understated_archive(7 << 10, 1 << 26)),
    "windows: 100,000 objects deep": _windows("json", lambda: worst.nested(100_000)),
    "windows: 1,000,000 bad boxes": _windows("json", lambda: b'{"a": [' + b"[0,0,1,1]," * 1_000_000 + b"[]]}"),
    "JPEG: 3,000 scans": _image(lambda: worst.many_scans(4000, 3000)),
    "JPEG: 100 scans": _image(lambda: worst.many_scans(4000, 90)),
    "JPEG: scans without an end": _image(lambda: worst.many_scans(8000, 0, ended=False)),
    "JPEG: 2,000,000 segments": _image(lambda: worst.many_segments(2_000_000)),
    "JPEG: 2,000,000 segments, its size": Worst("yolo", "images/a.jpg", lambda: worst.many_segments(2_000_000)),
    "PNG: 64 texts of 64 MB": _image(lambda: worst.many_texts(64, 64)),
    "PNG: 1,000,000 chunks": _image(lambda: worst.many_chunks(1_000_000)),
    "PNG: 64,000,000 pixels": _image(lambda: worst.one_colour("PNG", 8000, 8000)),
    "BMP: 64,000,000 pixels of 4 KB": _image(lambda: worst.run_lengths(32_000, 2000)),
    "TIFF: 30,000 strips": _image(lambda: worst.many_strips(30_000)),
    "WebP: 63,000,000 pixels": _image(lambda: worst.one_colour("WEBP", 16_383, 3900, lossless=True, method=0)),
    "WebP: 1,000 pictures": _image(lambda: worst.frames("WEBP", 1000)),
    "AVIF: 36,000,000 pixels": _image(lambda: worst.one_colour("AVIF", 6000, 6000, "RGB", speed=10)),
    "AVIF: 65,535 x 65,535 said": _image(lambda: worst.said_to_be(65_535, 65_535)),
    "AVIF: 200 pictures": _image(lambda: worst.frames("AVIF", 200)),
    "GIF: 1,000 pictures": _image(lambda: worst.frames("GIF", 1000)),
    "COCO: 100,000 bad objects": _COCO(lambda: texts.coco_objects(100_000)),
    "COCO: 100,000 images not there": _COCO(lambda: texts.coco_images(100_000)),
    "CSV: 100,000 images not there": Worst("csv", "boxes.csv", lambda: texts.table(100_000)),
    "CSV: 100,000 boxes of an image": Worst("csv", "boxes.csv", lambda: texts.one_image_table(100_000)),
    "YOLO: 100,000 boxes of an image": Worst("yolo", "labels/a.txt", lambda: texts.labels(100_000)),
    "YOLO: 1,000,000 points": Worst("yolo", "labels/a.txt", lambda: texts.outline(1_000_000)),
    "YOLO: a list of 100,000 images": Worst("yolo", "list.txt", lambda: texts.image_list(100_000)),
    "data.yaml: 150,000 names": Worst("yolo", "data.yaml", lambda: texts.settings(150_000)),
    "data.yaml: 1,000,000 brackets": Worst("yolo", "data.yaml", lambda: texts.brackets(1_000_000)),
    "XML: 8 MB of objects": _XML(lambda: texts.annotation(1_000_000)),
    "XML: 2,000,000 elements": _XML(lambda: texts.empty_elements(2_000_000)),
    "XML: 500,000 attributes": _XML(lambda: texts.attributes(500_000)),
    "LabelMe: 100,000 shapes": Worst("labelme", "a.json", lambda: texts.shapes(100_000)),
    "LabelMe: 1,000,000 points": Worst("labelme", "a.json", lambda: texts.polygon(1_000_000)),
    "detections: 200,000, the last bad": _DETECTIONS(lambda: texts.detections(200_000, {"image": "a"})),
    "detections: 50 paths of 50,000 folders": _DETECTIONS(lambda: texts.unknown_paths(50_000, 50)),
    "settings: 32 MB of classes": Worst("detector", "config.json", lambda: texts.fields(32)),
    "tensors: 100,000 without values": _TENSORS(lambda: texts.many_tensors(100_000)),
    "weights: 200,000 members": _WEIGHTS(lambda: texts.many_members(200_000)),
    "weights: 2,000,000 numbers": _WEIGHTS(lambda: texts.many_values(2_000_000)),
    "weights: a tuple doubled 200 times": _WEIGHTS(lambda: texts.grown_list(200)),
    "weights: 3 GB of 3 MB": _WEIGHTS(lambda: worst.understated_archive(3 << 10, 3 << 30)),
}


def outcomes(seed: int, quick: bool, *, names: Sequence[str] = (), seconds: float = 120) -> Iterator[Outcome]:
    """Yield a row for each input; one survives if it stays inside the budget and ends as it should.

    Args:
        seed: Of nothing: the inputs are the same each time.
        quick: Whether only some are read.
        names: Those wanted; none for all.
        seconds: Given up after so many of the clock.
    """
    add_backbone()
    for name in names or [*WORST][:: QUICK if quick else 1]:
        with TemporaryDirectory(prefix="sppnet-faults-") as folder:
            size, verdict = _read(WORST[name], Path(folder), seconds)
        inside = verdict.seconds <= SECONDS and verdict.megabytes <= MEGABYTES
        measured = f"{size:,} bytes, {verdict.seconds:.2f} s, {verdict.megabytes:.0f} MB"
        yield Outcome(name, 1, int(verdict.survived and inside), f"{measured}: {' / '.join(verdict.said)[:300]}")


def read(reader: str, folder: Path) -> Verdict:
    """Return what comes of reading a folder with the first call of a reader."""
    return judged(READERS[reader].calls[:1], folder)


def _read(worst_of: Worst, folder: Path, seconds: float) -> tuple[int, Verdict]:
    """Return how many bytes the worst input of a reader has, and what comes of reading it."""
    good, bad = folder / "good", folder / "bad"
    for place in (good, bad):
        write_files(worst_of.reader, place)
    (bad / worst_of.file).write_bytes(worst_of.make())
    with Worker(folder / "empty", seconds=seconds) as worker:
        worker.run(read, worst_of.reader, good, seconds=FIRST_SECONDS)  # which loads what it needs
        verdict: Verdict = worker.run(read, worst_of.reader, bad)
    return (bad / worst_of.file).stat().st_size, verdict


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--seconds", type=click.FloatRange(1), default=120.0, help="Given up after so many of the clock.")
@click.option("--quick", is_flag=True, help=f"Every {QUICK}th only.")
def command(names: tuple[str, ...], seconds: float, quick: bool) -> None:
    """Print a row for each input: its bytes, seconds of the processor, memory, and what came of it."""
    if unknown := [name for name in names if name not in WORST]:
        raise CommandError(f"there is no input {unknown[0]!r}; there are {', '.join(WORST)}", 2)
    for row in outcomes(0, quick, names=names, seconds=seconds):
        click.echo(f"{row.fault:40}{'inside' if row.survived else 'OUTSIDE':9}{shown(row.note)}")


if __name__ == "__main__":
    command()
