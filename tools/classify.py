"""`sppnet classify`: images in, their best classes out; or a classifier scored on labelled images at several sizes."""

import json
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from sppnet import detector
from sppnet.data import DataError, write_whole

from .command.console import (
    BAD_DATA,
    CommandError,
    device_option,
    find_device,
    finish,
    json_option,
    lenient_option,
    say,
    set_threads,
    threads_option,
    workers_option,
)
from .command.detecting.sources import Source, Sources
from .command.inputs.labelled import cutting_options, labels_option, open_labelled
from .command.options.completing import complete_file, complete_model, complete_split
from .command.options.detector_options import numbers
from .command.running.lanes import lanes_for, side_by_side
from .command.shown import shown
from .reports.curves import scores_by_size
from .reports.label_scores import NAMES, evaluate, show


@click.command("classify")
@click.argument("sources", shell_complete=complete_file, nargs=-1, metavar="[SOURCE...]")
@click.option(
    "-m",
    "--model",
    shell_complete=complete_model,
    type=click.Path(path_type=Path),
    required=True,
    help="Folder of a classifier.",
)
@click.option(
    "--framing",
    type=click.Choice(["full", "ten", "maps"]),
    default="full",
    help="The whole image; ten crops; or windows on the maps of six scales and the whole image, 98 in all.",
)
@click.option(
    "--size",
    "--sizes",
    "sizes",
    callback=numbers,
    help="Pixels of the short side of an image, or of crops and windows; with --data several, as 128,224,320."
    "  [default: as in training]",
)
@click.option("--top", type=click.IntRange(1), default=5, help="How many classes of an image are told.")
@click.option("--data", "root", type=click.Path(path_type=Path), help="Score the classifier on these images instead.")
@labels_option(None)
@click.option(
    "--split",
    shell_complete=complete_split,
    help="With --data: split of an annotated data set.  [default: val if there is one]",
)
@cutting_options
@click.option("--plot", type=click.Path(path_type=Path), help="With --data: draw scores against sizes into this .png.")
@lenient_option
@json_option
@device_option
@threads_option
@workers_option
def command(
    sources: tuple[str, ...],
    model: Path,
    framing: Any,
    sizes: tuple[int, ...] | None,
    top: int,
    root: Path | None,
    plot: Path | None,
    as_json: bool,
    device: str,
    threads: int | None,
    workers: int,
    **selection: Any,
) -> None:
    """Tell what images show. A SOURCE is a file, a folder of images or a pattern such as 'holiday/**/*.jpg'.

    With --data it scores the classifier on labelled images.
    """
    if bool(sources) == (root is not None):
        raise click.UsageError("give either images or, with --data, a folder of labelled ones")
    if root is None and (len(sizes or ()) > 1 or plot is not None):
        raise click.UsageError("several sizes, and --plot, are for --data")
    if plot is not None and (plot.suffix != ".png" or not sizes):
        raise click.UsageError(f"--plot needs --sizes and a name that ends in .png, not {plot.name}")
    set_threads(threads)
    device = find_device(device)
    network = detector.Classifier.load(model, device=device)
    if root is None:
        classify(network, found_images(sources), framing, (sizes or (None,))[0], top, workers, as_json)
    else:
        score(network, root, framing, sorted(sizes or ()) or [None], plot, workers, as_json, **selection)


def classify(
    network: "detector.Classifier",
    images: list[Source],
    framing: Any,
    size: int | None,
    top: int,
    workers: int,
    as_json: bool,
) -> None:
    """Print the best classes of images."""
    records: list[dict[str, Any]] = []
    skipped: list[dict[str, str]] = []
    look = partial(best_classes, network, framing=framing, size=size, top=top)
    finished = side_by_side(look, images, lanes=lanes_for(images, workers))
    for number, (source, outcome) in enumerate(zip(images, finished, strict=True), 1):
        try:
            records.append(record := outcome.result())
        except DataError as error:
            say(f"skipped: {error}")
            skipped.append({"image": str(source), "reason": str(error)})
            continue
        times = ", ".join(f"{stage} {milliseconds:.0f}" for stage, milliseconds in record["milliseconds"].items())
        head = f"[{number}/{len(images)}] {shown(source)} {record['width']}x{record['height']}, ms: {times}"
        lines = [f"  {shown(found['label']):<20} {found['score']:.3f}" for found in record["classes"]]
        # Where standard output is kept for the JSON object, these lines show how far the run is.
        click.echo("\n".join([head, *lines]), err=as_json)
    if as_json:
        click.echo(json.dumps({"images": records, "skipped": skipped}))
    if not records:
        raise CommandError("none of the images could be read", BAD_DATA)
    finish(bool(skipped))


def found_images(words: Sequence[str]) -> list[Source]:
    """Return the images that words name; what is passed over is said.

    Raises:
        CommandError: If there is none.
    """
    images = Sources(words)
    images.count()
    return list(images)


def best_classes(
    network: "detector.Classifier", source: Source, *, framing: Any, size: int | None, top: int
) -> dict[str, Any]:
    """Return {"image", "width", "height", "classes": [{"label", "score"}], "milliseconds"}, the best class first.

    Raises:
        DataError: If the image cannot be read.
    """
    started = time.perf_counter()
    image = source.read()
    read = time.perf_counter()
    [scores] = network.predict([image], framing=framing, size=size)
    best = (-scores).argsort(kind="stable")[:top].tolist()
    return {
        "image": str(source),
        "width": image.shape[1],
        "height": image.shape[0],
        "classes": [{"label": network.classes[label], "score": float(scores[label])} for label in best],
        "milliseconds": {"read": 1000 * (read - started), "classify": 1000 * (time.perf_counter() - read)},
    }


def score(
    network: "detector.Classifier",
    root: Path,
    framing: Any,
    sizes: "list[int] | list[None]",
    plot: Path | None,
    workers: int,
    as_json: bool,
    *,
    labels: str | None,
    **selection: Any,
) -> None:
    """Print how well a classifier labels the images of a folder, at every size."""
    labels = labels or ("image" if network.multi_label else "folders")
    if network.multi_label != (labels == "image"):
        learned = "all classes that an image shows" if network.multi_label else "one class for each image"
        raise click.UsageError(f"the model has learned {learned}, so it cannot be scored with --labels {labels}")
    images, left_out = open_labelled(root, labels, usual="val", classes=network.classes, **selection)
    results = evaluate(network, images, sizes, framing=framing, workers=workers)
    if as_json:
        click.echo(json.dumps({"images": len(images), "framing": framing, "results": results}))
    else:
        show({f"{len(images):,} {'objects' if labels == 'objects' else 'images'}": results})
    if plot is not None:
        name = "mAP" if network.multi_label else "top1"
        curves = {"": [result[name] for result in results]}
        write_whole(plot, scores_by_size([result["size"] for result in results], curves, NAMES[name]))
    finish(skipped=left_out)
