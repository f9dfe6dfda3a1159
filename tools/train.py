"""`sppnet train`: a folder of annotated images in, a model out; an interrupted training goes on when run again."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import click

from sppnet import detector
from sppnet.data import DataSet

from .command.console import (
    INTERRUPTED,
    CommandError,
    device_option,
    duration,
    engine_option,
    find_device,
    finish,
    json_option,
    lenient_option,
    say,
    seed_option,
    set_threads,
    threads_option,
    workers_option,
)
from .command.detector_options import network, network_options
from .command.items import Items
from .command.progress import Progress
from .command.splits import open_split
from .command.warm import warm_up


@click.command("train")
@click.option("--data", "root", type=click.Path(path_type=Path), required=True, help="Data set to learn from.")
@click.option("--split", help="Image set.  [default: train if there is one, else all annotated images]")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Folder of the model to make.")
@network_options
@click.option("--windows", type=click.Path(path_type=Path), help="Take windows from this file: .npz, .json or .mat.")
@click.option("--limit", type=click.IntRange(1), help="Only so many images, the first.")
@click.option("--cache", type=click.Path(path_type=Path), help="Folder for windows and maps.  [default: OUTPUT.cache]")
@click.option(
    "--keep-cache", is_flag=True, help="Keep the default cache when all is done; one you name is always kept."
)
@lenient_option
@json_option
@device_option
@engine_option
@threads_option
@workers_option
@seed_option
def command(
    root: Path,
    split: str | None,
    output: Path,
    windows: Path | None,
    limit: int | None,
    cache: Path | None,
    keep_cache: bool,
    lenient: bool,
    as_json: bool,
    device: str,
    engine: str,
    threads: int | None,
    workers: int,
    **settings: Any,
) -> None:
    """Train a model on the images of a data set.

    Run again after an interruption, the same command takes up the windows and maps that are there.
    """
    output = output.resolve()
    set_threads(threads)
    device = find_device(device)
    detector.check_writable(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    data = open_split(root, split, usual="train", lenient=lenient)
    model = network(data.classes, device=device, engine=engine, **settings)
    folder = cache or output.with_name(f"{output.name}.cache")
    present_plan(model, data, min(len(data), limit or len(data)), folder)
    items = Items(data, limit, lenient=lenient, windows=windows)
    warm_up(*([model.search] if windows is None else []), training=True)
    seconds = fit(model, items, folder, workers)
    model.save(output)
    if cache is None and not keep_cache:
        shutil.rmtree(folder)
    if as_json:
        click.echo(json.dumps({"model": str(output), "seconds": seconds, "metrics": model.metrics_}))
    else:
        click.echo(summary(output, seconds, model.metrics_))
    finish(skipped=bool(data.problems) or items.skipped > 0)


def present_plan(network: "detector.SPPNet", data: DataSet, count: int, cache: Path) -> None:
    """Say what a training on the first `count` images will work on and what it will cost.

    Raises:
        CommandError: If the disk has less room than the cache will need.
    """
    objects = Counter(label for number in range(count) for label in data.target(number)["labels"].tolist())
    counts = ", ".join(f"{name} {objects[label]:,}" for label, name in enumerate(data.classes))
    say(f"{objects.total():,} objects of {len(data.classes)} classes: {counts}")
    plan = network.plan(count)
    there = next(folder for folder in (cache, *cache.resolve().parents) if folder.exists())
    free = shutil.disk_usage(there).free
    say(
        f"about {duration(plan['seconds'])}; {plan['disk_bytes'] / 1e9:.1f} GB in {cache}, {free / 1e9:.1f} GB are free"
    )
    held = sum(file.stat().st_size for file in cache.rglob("*") if file.is_file())
    if plan["disk_bytes"] - held > free:
        raise CommandError(f"{cache}: too little room; name a folder on another disk with --cache", 1)


def fit(network: "detector.SPPNet", items: Items, cache: Path, workers: int) -> dict[str, float]:
    """Train on items, with their windows where they carry some, and return the seconds that each stage took.

    Raises:
        CommandError: If the training is interrupted.
    """
    try:
        with Progress() as progress:
            network.fit(items, cache=cache, workers=workers, progress=progress)
    except KeyboardInterrupt:
        raise CommandError(
            f"interrupted; the same command takes up the windows and maps in {cache}", INTERRUPTED
        ) from None
    return progress.seconds


def summary(output: Path, seconds: dict[str, float], metrics: dict[str, Any]) -> str:
    """Return what was learned from, the time that each stage took, and what to do with the model."""
    stages = ", ".join(f"{stage} {duration(time)}" for stage, time in seconds.items())
    learned = f"{sum(metrics['objects'].values()):,} objects in {metrics['images']:,} images"
    return (
        f"learned from {learned} in {duration(sum(seconds.values()))}: {stages}\n"
        f"the model is in {output}; next: sppnet detect PHOTO -m {output}, or sppnet eval -m {output} --data FOLDER"
    )
