"""`sppnet detect`: images or films in; their objects as a list, drawn, and in the formats of other programs out."""

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt
from PIL import Image

from sppnet import detector
from sppnet.data import WRITERS, DataError, Results, Writer, image_record

from .command.console import (
    BAD_DATA,
    CommandError,
    FiniteRange,
    deterministic_option,
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
from .command.detecting.films import Filming, detect_in_films, refuse_others
from .command.detecting.footage import Frame, films_among
from .command.detecting.journal import Journal
from .command.detecting.naming import OutputNames, is_ours
from .command.detecting.selecting import LeastScores, class_names, least_scores
from .command.detecting.sources import Source, Sources
from .command.faults import fault, lacks_memory
from .command.options.choices import ChoiceOf
from .command.options.completing import complete_file
from .command.options.inference_options import chosen_inference, inference_options
from .command.running.holding import hold
from .command.running.lanes import lanes_for
from .command.running.models import load, merge_option, models_option
from .command.spreading.carrying import Carried, carried, digests
from .command.spreading.cluster import ENDED, Cluster, ray_option
from .command.spreading.records import Records
from .command.spreading.sending import sent, unsent
from .command.spreading.shards import Shard, shard_option
from .command.spreading.spread import spread
from .command.warm import warm_up
from .reports.detections import annotate, cut_out, drawn, summary
from .reports.mosaic import Mosaic, tile

LARGEST = {"max_pixels": 500_000_000, "max_side": 65_500}  # of a picture that is seen in tiles; JPEG's own limit
# What a run that is gone on with may do otherwise: the results do not depend on it.
NEUTRAL = (
    *("sources", "recursive", "output", "resume", "models", "as_json", "device", "engine", "threads", "workers"),
    *("deterministic", "mosaic", "every", "limit", "ray", "shared", "shard"),
)


def _formats(_context: click.Context, _option: click.Parameter, values: Sequence[str]) -> list[str]:
    names = [name.strip() for value in values for name in value.split(",")]
    for name in names:
        if name not in WRITERS:
            raise click.BadParameter(f"{name!r} is not one of {', '.join(WRITERS)}")
    return list(dict.fromkeys(names))


def _mosaic(_context: click.Context, _option: click.Parameter, file: Path | None) -> Path | None:
    if file is not None and file.suffix.lower() not in (".jpg", ".jpeg"):
        raise click.BadParameter(f"{file}: a mosaic is a JPEG file; say .jpg")
    if file is not None and file.exists() and not is_ours(file):
        raise click.BadParameter(f"{file}: is there, and no picture of ours; it is not overwritten")
    return file


@click.command("detect")
@click.argument("sources", shell_complete=complete_file, nargs=-1, required=True, metavar="SOURCE...")
@click.option("--recursive", is_flag=True, help="Look into the folders inside folders, too.")
@models_option
@merge_option
@click.option("-o", "--output", type=click.Path(path_type=Path), default="detections", help="Folder for the results.")
@click.option(
    "--conf",
    type=LeastScores(),
    default={},
    help="Least score of a detection; cat=.4,dog=.6,.5 for cats, dogs and all others.  [default: the model's own]",
)
@click.option(
    "--iou", type=FiniteRange(0, 1), default=0.3, help="Most overlap of two detections of one class; not with --soft."
)
@click.option("--classes", callback=class_names, metavar="NAME,...", help="Only objects of these classes.")
@click.option("--max-detections", type=click.IntRange(1), help="Only so many objects of an image, the best.")
@inference_options
@click.option("--tile", type=click.IntRange(64), help="See large pictures in tiles of so many pixels, and as a whole.")
@click.option("--overlap", type=FiniteRange(0, 0.9), default=0.2, help="Part of a tile that it shares with the next.")
@click.option(
    "--format",
    "formats",
    callback=_formats,
    multiple=True,
    metavar="NAME,...",
    shell_complete=ChoiceOf(lambda: WRITERS, several=True).shell_complete,
    help=f"Also write the objects as {', '.join(WRITERS)}.",
)
@click.option("--save-crops", is_flag=True, help="Cut every object out into a picture of its own.")
@click.option("--no-images", is_flag=True, help="Write no annotated images.")
@click.option(
    "--mosaic",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_mosaic,
    metavar="FILE.jpg",
    help="Also show the first 100 annotated images side by side in one.",
)
@click.option("--every", type=click.IntRange(1), default=1, help="Of films: look at one frame of so many.")
@click.option("--limit", type=click.IntRange(1), help="Of films and cameras: end after so many frames.")
@click.option("--resume", is_flag=True, help="Go on with the run whose results are in the folder.")
@shard_option
@ray_option
@click.option("--shared", is_flag=True, help="With --ray: all machines have the images under the same paths.")
@json_option
@device_option
@engine_option
@threads_option
@deterministic_option
@workers_option
def command(
    sources: tuple[str, ...],
    recursive: bool,
    models: tuple[Path, ...],
    merge: str,
    output: Path,
    conf: dict[str, float],
    iou: float,
    classes: list[str] | None,
    max_detections: int | None,
    tile: int | None,
    overlap: float,
    formats: list[str],
    save_crops: bool,
    no_images: bool,
    mosaic: Path | None,
    every: int,
    limit: int | None,
    resume: bool,
    shard: Shard | None,
    ray: str | None,
    shared: bool,
    as_json: bool,
    device: str,
    engine: str,
    threads: int | None,
    deterministic: bool,
    workers: int,
    **settings: Any,
) -> None:
    """Find the objects in images, films and what a camera sees.

    A SOURCE is a file, a folder of images, a pattern such as 'holiday/**/*.jpg', an address that begins with http,
    @FILE for a list of paths, one a line, - for such a list on standard input, or camera:0 for the first camera. Of
    films, name the files.
    """
    films = films_among(sources)
    refuse_others(films, formats)
    if films and (shard or ray):
        raise click.UsageError("--shard and --ray are for images, and a film is one run")
    if shared and not ray:
        raise click.UsageError("--shared tells what a cluster has: give --ray, too")
    if mosaic and (resume or shard):
        raise click.UsageError("a --mosaic shows the images of one run: leave --resume and --shard out")
    writes = bool(formats or shard) or save_crops or not no_images
    if resume and not writes:
        raise click.UsageError("--resume goes on with what is written: give a --format, or leave --no-images out")
    images = Sources(sources, recursive=recursive, output=output)
    total = None if films else images.count()
    if shard:
        output.mkdir(parents=True, exist_ok=True)
        hold(shard.file(output))
    elif writes:
        hold(output, inside=True)
    set_threads(threads, deterministic=deterministic)
    device = find_device(device, deterministic=deterministic)
    network = load(models, merge, device, engine)
    task = Task(
        least_scores(conf, classes, network.classes, network.confidence),
        max_detections,
        iou,
        chosen_inference(settings),
        tile,
        overlap,
        pictures=not no_images,
        crops=save_crops,
        tiles=mosaic is not None,
    )
    warm_up(network.search)
    if films:
        find, draw = partial(detect, network, task=task), partial(drawn, classes=network.classes)
        filming = Filming(output, formats, not no_images, every, limit, workers)
        detect_in_films(films, find, draw, network.classes, filming)
    journal: Journal | Records
    if shard:
        journal = Records(output, shard, _head(models, network.classes), resume=resume)
        writers, total = list[Writer]([journal.writer]), total and shard.size(total)
    else:
        journal = Journal(output if writes else None, _settings(models), resume=resume)
        writers = [WRITERS[name] for name in formats]
    tiles = Mosaic()
    before, started = journal.done, time.perf_counter()
    items = journal.remaining(_named(images, output))
    if journal.finished:
        next(items, None)  # an error if there is one
        if as_json:
            click.echo('{"images": [], "skipped": []}')
    else:
        lanes = lanes_for(range(max(1, workers) if total is None else total), workers)
        cluster = _cluster(ray, carried(look_sent, (task,), models, merge, device, engine), shared) if ray else None
        finished = spread(partial(look, network, task), items, lanes=lanes, cluster=cluster)
        try:
            results = Results(output, journal.sizes)
            write_results(finished, journal, results, writers, network.classes, total, as_json, tiles)
        except KeyboardInterrupt:
            if writes:
                say("the same command goes on from here with --resume")
            raise
    if journal.done == journal.skipped and not shard:
        raise CommandError("none of the images could be read", BAD_DATA)
    if (done := journal.done - before) != 1:
        each = f", {1000 * (time.perf_counter() - started) / done:.0f} ms each" if done else ""
        say(f"{done} images{each}" + (f"; {before} were done before" if before else ""))
    if writes:
        say(f"results are in {output}")
    if mosaic:
        say(tiles.write(mosaic))
    finish(journal.skipped > 0)


@dataclass(frozen=True)
class Task:
    """What is wanted of every image."""

    least_scores: Sequence[float]
    limit: int | None = None
    iou: float = 0.3
    inference: "detector.Inference | None" = None
    tile: int | None = None
    overlap: float = 0.2
    pictures: bool = False
    crops: bool = False
    tiles: bool = False


@dataclass(frozen=True)
class Item:
    """An image, and what is called what is written about it."""

    source: Source
    name: str

    def __str__(self) -> str:
        """Return what the results call the image."""
        return str(self.source)


@dataclass(frozen=True)
class Outcome:
    """What became of an image: record, files to write and tile of a mosaic, or the reason for which it was left out."""

    item: Item
    record: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    tile: Image.Image | None = None
    reason: str = ""


def look(network: "detector.SPPNet | detector.Combination", task: Task, item: Item) -> Outcome:
    """Return what becomes of an image; several may be looked at at once."""
    try:
        image, record = detect(network, item.source, task)
    except DataError as error:
        return Outcome(item, reason=str(error))
    except Exception as error:
        if not lacks_memory(error):
            raise
        return Outcome(item, reason=f"{item}: {fault(error)}")
    files = {f"{item.name}.jpg": annotate(image, record, network.classes)} if task.pictures else {}
    if task.crops:
        files |= dict(cut_out(image, record, item.name))
    return Outcome(item, record, files, tile(image, record, network.classes) if task.tiles else None)


def look_sent(network: "detector.SPPNet | detector.Combination", task: Task, item: Item) -> Outcome:
    """Return the same of an image that was sent, without what was sent."""
    return replace(look(network, task, item), item=replace(item, source=unsent(item.source)))


def detect(
    network: "detector.SPPNet | detector.Combination", source: Source | Frame, task: Task
) -> tuple[npt.NDArray[np.uint8], dict[str, Any]]:
    """Return an image or frame and the record of what was found in it, as `--format json` writes it.

    Raises:
        DataError: If the image cannot be read.
    """
    started = time.perf_counter()
    image = source.read(**LARGEST if task.tile else {})
    reading = 1000 * (time.perf_counter() - started)
    options: dict[str, Any] = {
        "confidence": min(1.0, *task.least_scores),
        "iou": task.iou,
        "inference": task.inference,
    }
    if task.tile:
        found = detector.predict_tiled(network, image, tile=task.tile, overlap=task.overlap, **options)
    else:
        [found] = network.predict([image], **options)
    found = detector.select(found, task.least_scores, limit=task.limit)
    found["milliseconds"] = {"read": reading, **found["milliseconds"]}
    return image, image_record(str(source), image.shape[:2], found, network.classes)


def write_results(
    outcomes: Iterable[Outcome],
    journal: Journal | Records,
    results: Results,
    writers: Sequence[Writer],
    classes: Sequence[str],
    total: int | None,
    as_json: bool,
    mosaic: Mosaic,
) -> None:
    """Write and print what was found, one image after the other, none held longer than that.

    Args:
        outcomes: Of the images that are left to do.
        journal: Notes every image when all about it is written.
        results: Where it is written.
        writers: In which formats.
        classes: Of the model.
        total: How many images there are, with those done before; None if that is not known.
        as_json: Whether standard output is one JSON object.
        mosaic: Where the tiles are added.
    """
    skipped: list[dict[str, str]] = []
    ready, first = time.perf_counter(), True
    if as_json:
        click.echo('{"images": [', nl=False)
    with ExitStack() as stack:
        writes = [stack.enter_context(writer(results, classes)) for writer in writers]
        for outcome in outcomes:
            before, ready = ready, time.perf_counter()
            if outcome.reason:
                say(f"skipped: {outcome.reason}")
                skipped.append({"image": str(outcome.item), "reason": outcome.reason})
            else:
                outcome.record["milliseconds"]["wall"] = 1000 * (ready - before)
                for file, content in outcome.files.items():
                    results.write(file, content)
                for write in writes:
                    write(outcome.item.name, outcome.record)
                if outcome.tile:
                    mosaic.add(outcome.tile)
            journal.note(str(outcome.item), skipped=bool(outcome.reason), sizes=results.sizes)
            if outcome.reason:
                continue
            # Where standard output is kept for the JSON object, these lines show how far the run is.
            number = f"[{journal.done}/{total}]" if total is not None else f"[{journal.done}]"
            click.echo(f"{number} {summary(outcome.record)}", err=as_json)
            if as_json:
                click.echo(", " * (not first) + json.dumps(outcome.record), nl=False)
                first = False
    if as_json:
        click.echo(f'], "skipped": {json.dumps(skipped)}}}')
    journal.finish()
    results.clean()
    results.sync()


def _named(images: Sources, output: Path) -> Iterator[Item]:
    names = OutputNames(output)
    for source in images:
        beside = None if source.is_address else Path(source.path).parent
        yield Item(source, names(source.file, source.folder, beside))


def _settings(models: Sequence[Path]) -> dict[str, Any]:
    """Return what the results of the running command depend on, but for the images."""
    given = click.get_current_context().params
    files = [folder.resolve() / "model.safetensors" for folder in models]
    states = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files if file.exists()]
    return {name: value for name, value in given.items() if name not in NEUTRAL} | {"models": states}


def _head(models: Sequence[Path], classes: Sequence[str]) -> dict[str, Any]:
    """Return what all shards of a run have in common, and their merge needs."""
    settings = {name: value for name, value in _settings(models).items() if name != "models"}
    return {"verb": "detect", "models": digests(models), "classes": classes, "settings": settings}


def _cluster(address: str, make: Carried, shared: bool) -> Cluster:
    """Return a cluster, and how images come to it."""

    def pack(item: Item) -> Item:
        return replace(item, source=sent(item.source, shared=shared))

    def lost(item: Item) -> Outcome:
        return Outcome(item, reason=f"{item}: {ENDED}")

    return Cluster(address, make, pack, lost, gpu=make.device != "cpu")
