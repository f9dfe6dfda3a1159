"""`sppnet add-class`: a model that knows further classes, learned from a few images; those it knew stay as they are."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import click
import numpy as np
import numpy.typing as npt

from sppnet import detector
from sppnet.data import Pictures, content_hashes

from .command.console import (
    INTERRUPTED,
    CommandError,
    deterministic_option,
    device_option,
    duration,
    engine_option,
    find_device,
    finish,
    json_option,
    lenient_option,
    model_output_option,
    set_threads,
    threads_option,
    warn,
    workers_option,
)
from .command.inputs.items import Items
from .command.inputs.splits import open_split
from .command.options.completing import complete_model, complete_split
from .command.progress import Progress
from .command.running.holding import hold
from .command.warm import warm_up
from .training.memory import remember


@click.command("add-class")
@click.argument("model", shell_complete=complete_model, type=click.Path(path_type=Path))
@click.option("--data", "root", type=click.Path(path_type=Path), required=True, help="Data set with the new objects.")
@click.option(
    "--split",
    shell_complete=complete_split,
    help="Image set.  [default: train if there is one, else all annotated images]",
)
@model_output_option
@click.option(
    "--negatives",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Folder of images without objects of the new classes, which they must not be found in.",
)
@click.option("--limit", type=click.IntRange(1), help="Only so many images of the data set, the first.")
@lenient_option
@json_option
@device_option
@engine_option
@threads_option
@deterministic_option
@workers_option
def command(
    model: Path,
    root: Path,
    split: str | None,
    output: Path,
    negatives: tuple[Path, ...],
    limit: int | None,
    lenient: bool,
    as_json: bool,
    device: str,
    engine: str,
    threads: int | None,
    deterministic: bool,
    workers: int,
) -> None:
    """Teach a MODEL the classes of a data set that it does not know, with the layers that it has.

    All objects of the new classes in the images must be annotated; those of classes that the model knows may be.
    """
    set_threads(threads, deterministic=deterministic)
    device = find_device(device, deterministic=deterministic)
    detector.check_writable(output)
    hold(output)
    network = detector.load_detector(model, device=device, engine=engine)
    data = open_split(root, split, usual="train", lenient=lenient)
    others = Pictures(negatives, strict=not lenient) if negatives else None
    warn(others.problems if others else [])
    pictures = cast("Iterable[npt.NDArray[np.uint8]]", others or ())  # a sequence, though not by its type
    items = Items(data, limit, lenient=lenient)
    warm_up(network.search, training=True)
    try:
        with Progress() as progress:
            network = network.add_classes(items, data.classes, negatives=pictures, workers=workers, progress=progress)
    except KeyboardInterrupt:
        raise CommandError("interrupted; nothing was written", INTERRUPTED) from None
    remember(network, content_hashes(data)[:limit])
    network.save(output)
    added = network.metrics_["added"][-1]
    if as_json:
        click.echo(json.dumps({"model": str(output), "classes": network.classes, "added": added}))
    else:
        learned = ", ".join(f"{name} from {count:,} objects" for name, count in added["objects"].items())
        click.echo(
            f"learned {learned} in {added['images']:,} images in {duration(sum(progress.seconds.values()))}\n"
            f"the model of {len(network.classes)} classes is in {output}; next: sppnet detect PHOTO -m {output}"
        )
    finish(skipped=bool(data.problems) or items.skipped > 0 or bool(others and others.problems))
