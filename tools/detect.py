"""`sppnet detect`: images in; their objects as a list, as annotated images and as JSON out."""

import glob
import io
import json
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from sppnet import detector
from sppnet.data import IMAGE_SUFFIXES, WRITERS, DataError, image_record, read_image, write_whole

from .command.console import (
    BAD_DATA,
    CommandError,
    FiniteRange,
    device_option,
    engine_option,
    find_device,
    finish,
    json_option,
    say,
    set_threads,
    threads_option,
    workers_option,
)
from .command.inference_options import chosen_inference, inference_options
from .command.lanes import lanes_for, side_by_side
from .command.models import load, merge_option, models_option
from .command.warm import warm_up
from .reports.drawing import draw

JPEG_QUALITY = 92


@click.command("detect")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@models_option
@merge_option
@click.option("-o", "--output", type=click.Path(path_type=Path), default="detections", help="Folder for the results.")
@click.option("--conf", type=FiniteRange(0, 1), default=0.5, help="Least score of a detection.")
@click.option(
    "--iou", type=FiniteRange(0, 1), default=0.3, help="Most overlap of two detections of one class; not with --soft."
)
@inference_options
@click.option("--format", "formats", type=click.Choice(list(WRITERS)), multiple=True, help="Also write the objects.")
@click.option("--no-images", is_flag=True, help="Write no annotated images.")
@json_option
@device_option
@engine_option
@threads_option
@workers_option
def command(
    sources: tuple[str, ...],
    models: tuple[Path, ...],
    merge: str,
    output: Path,
    conf: float,
    iou: float,
    formats: tuple[str, ...],
    no_images: bool,
    as_json: bool,
    device: str,
    engine: str,
    threads: int | None,
    workers: int,
    **settings: Any,
) -> None:
    """Find the objects in images. A SOURCE is a file, a folder of images or a pattern such as 'holiday/**/*.jpg'."""
    images = find_images(sources)
    set_threads(threads)
    device = find_device(device)
    network = load(models, merge, device, engine)
    warm_up(network.search)
    records: list[dict[str, Any]] = []
    skipped: list[dict[str, str]] = []
    find = partial(detect, network, confidence=conf, iou=iou, inference=chosen_inference(settings))
    finished = side_by_side(find, images, lanes=lanes_for(images, workers))
    started = ready = time.perf_counter()
    with ExitStack() as stack:
        writers = [stack.enter_context(WRITERS[name](output, network.classes)) for name in dict.fromkeys(formats)]
        for number, (source, name, outcome) in enumerate(
            zip(images, output_names(images, output), finished, strict=True), 1
        ):
            try:
                image, record = outcome.result()
            except DataError as error:
                say(f"skipped: {error}")
                skipped.append({"image": str(source), "reason": str(error)})
                continue
            before, ready = ready, time.perf_counter()
            record["milliseconds"]["wall"] = 1000 * (ready - before)
            if not no_images:
                write_whole(output / f"{name}.jpg", annotate(image, record, network.classes))
            for write in writers:
                write(name, record)
            # Where standard output is kept for the JSON object, these lines show how far the run is.
            click.echo(f"[{number}/{len(images)}] {summary(record)}", err=as_json)
            records.append(record)
    if as_json:
        click.echo(json.dumps({"images": records, "skipped": skipped}))
    if not records:
        raise CommandError("none of the images could be read", BAD_DATA)
    if len(images) > 1:
        say(f"{len(images)} images, {1000 * (time.perf_counter() - started) / len(images):.0f} ms each")
    if formats or not no_images:
        say(f"results are in {output}")
    finish(bool(skipped))


def find_images(sources: Sequence[str]) -> list[Path]:
    """Return the files that the sources name, each once, in the order given and by name inside folders and patterns.

    What does not exist, a pattern without a match too, is returned as well: reading it says so.

    Raises:
        CommandError: If there is none.
    """
    found: dict[Path, Path] = {}
    for source in sources:
        path = Path(source)
        if path.is_dir():
            files = sorted(file for file in path.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES and file.is_file())
        elif path.exists() or not glob.has_magic(source):
            files = [path]
        else:
            files = sorted(file for file in map(Path, glob.glob(source, recursive=True)) if file.is_file()) or [path]
        for file in files:
            found.setdefault(file.resolve(), file)
    if not found:
        raise CommandError(f"no images in {', '.join(sources)}", BAD_DATA)
    return list(found.values())


def output_names(sources: Sequence[Path], folder: Path) -> list[str]:
    """Return a name without suffix for what is written about each image: its stem, numbered if that is taken.

    Where the images lie in the very folder that is written to, the names end in `-detections`, so that neither they
    nor their neighbours are overwritten.
    """
    inside = [source for source in sources if source.resolve().parent == folder.resolve()]
    taken = {source.stem.casefold() for source in inside}
    names = []
    for source in sources:
        stem = f"{source.stem}-detections" if inside else source.stem
        name, number = stem, 1
        while name.casefold() in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name.casefold())
        names.append(name)
    return names


def detect(
    network: "detector.SPPNet | detector.Combination",
    source: Path,
    *,
    confidence: float,
    iou: float,
    inference: "detector.Inference | None" = None,
) -> tuple[npt.NDArray[np.uint8], dict[str, Any]]:
    """Return an image and the record of what was found in it, as `--format json` writes it.

    Raises:
        DataError: If the image cannot be read.
    """
    started = time.perf_counter()
    image = read_image(source)
    reading = 1000 * (time.perf_counter() - started)
    [found] = network.predict([image], confidence=confidence, iou=iou, inference=inference)
    found["milliseconds"] = {"read": reading, **found["milliseconds"]}
    return image, image_record(str(source), image.shape[:2], found, network.classes)


def annotate(image: npt.NDArray[np.uint8], record: dict[str, Any], classes: Sequence[str]) -> bytes:
    """Return the image with its detections drawn on it, as the bytes of a JPEG file."""
    objects = record["detections"]
    picture = draw(
        image,
        boxes=[thing["box"] for thing in objects],
        captions=[f"{thing['label']} {thing['score']:.2f}" for thing in objects],
        labels=[classes.index(thing["label"]) for thing in objects],
    )
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=JPEG_QUALITY)
    return file.getvalue()


def summary(record: dict[str, Any]) -> str:
    """Return what a person wants to know of an image: its objects, one a line, and milliseconds per stage.

    Images are worked on side by side, so the stages of one can take longer together than `wall`, which is the time
    since the one before was done.
    """
    stages = record["milliseconds"]
    times = ", ".join(f"{stage} {milliseconds:.0f}" for stage, milliseconds in stages.items())
    objects = record["detections"]
    head = f"{record['image']} {record['width']}x{record['height']}: {len(objects)} objects, ms: {times}"
    lines = [
        f"  {thing['label']:<12} {thing['score']:.2f}  " + " ".join(f"{side:7.1f}" for side in thing["box"])
        for thing in objects
    ]
    return "\n".join([head, *lines])
