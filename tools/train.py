"""`sppnet train`: a folder of annotated images in, a model out; an interrupted training goes on when run again."""

import json
import shutil
from pathlib import Path
from typing import Any

import click

from sppnet import detector

from .command.console import (
    INTERRUPTED,
    CommandError,
    FiniteRange,
    device_option,
    duration,
    engine_option,
    find_device,
    finish,
    json_option,
    lenient_option,
    seed_option,
    set_threads,
    threads_option,
    workers_option,
)
from .command.detector_options import network, network_options
from .command.items import Items
from .command.planning import fitting, present_plan, slowness
from .command.progress import Progress
from .command.splits import format_option, open_split
from .command.warm import warm_up


@click.command("train")
@click.option("--data", "root", type=click.Path(path_type=Path), required=True, help="Data set to learn from.")
@click.option("--split", help="Image set.  [default: train if there is one, else all annotated images]")
@format_option
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Folder of the model to make.")
@click.option(
    "--preset",
    type=click.Choice(["minutes", "hours"]),
    help="minutes: conv layers as they come, SVMs. hours: conv layers learn, too; better.  [default: minutes]",
)
@click.option("--minutes", type=FiniteRange(0, min_open=True), help="Take the preset and the epochs that fit in these.")
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
    data_format: str | None,
    output: Path,
    preset: str | None,
    minutes: float | None,
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
    data = open_split(root, split, usual="train", lenient=lenient, data_format=data_format)
    if minutes is not None and (preset or settings["tuning"] or settings["epochs"]):
        raise click.UsageError("--minutes chooses the preset and the epochs: leave out --preset, --fine-tune, --epochs")

    def make(preset: str | None, **changes: Any) -> "detector.SPPNet":
        return network(data.classes, device=device, engine=engine, preset=preset, **{**settings, **changes})

    count, slower = min(len(data), limit or len(data)), slowness()
    model = make(preset) if minutes is None else fitting(make, count, minutes, slower)
    folder = cache or output.with_name(f"{output.name}.cache")
    undecided = not (preset or minutes or settings["tuning"]) and settings["method"] == "sppnet"
    present_plan(model, data, count, folder, slower, make("hours") if undecided else None)
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
