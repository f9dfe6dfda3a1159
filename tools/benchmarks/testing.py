"""What the options of inference are worth: one model with each of them, and with all, on the same images and windows.

python -m sppnet.tools.benchmarks.testing \
    -m MODEL --data VOC2007 [--split val] [--skip N] [--limit N] [--scales 480,600,800] [--sigma 0.2] [--only WORD]
    [--json]
"""

import json
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from sppnet.data import VOC, average_precision
from sppnet.detector import Inference, SPPNet, load_detector

from ..command.console import FiniteRange, engine_option, json_option, set_threads, threads_option
from ..command.options.detector_options import numbers
from ..command.progress import Progress
from ..command.warm import warm_up


@click.command()
@click.option("-m", "--model", "folder", type=click.Path(path_type=Path), required=True, help="A fitted model.")
@click.option("--data", envvar="SPPNET_VOC2007", type=click.Path(path_type=Path), required=True, help="A VOC folder.")
@click.option("--split", default="val", help="Image set.")
@click.option("--skip", type=click.IntRange(0), default=0, help="Leave out so many images, the first.")
@click.option("--limit", type=click.IntRange(1), help="Only so many images after these.")
@click.option("--scales", default="480,600,800", callback=numbers, help="Those of the variant of several scales.")
@click.option("--sigma", type=FiniteRange(0, min_open=True), default=Inference.sigma, help="Of soft suppression.")
@click.option("--only", default="", help="Variants whose name has this.")
@engine_option
@threads_option
@json_option
def command(
    folder: Path,
    data: Path,
    split: str,
    skip: int,
    limit: int | None,
    scales: tuple[int, ...],
    sigma: float,
    only: str,
    engine: str,
    threads: int | None,
    as_json: bool,
) -> None:
    """Print the mAP (VOC07) and the milliseconds an image, from decoding it to its boxes, of every option."""
    set_threads(threads)
    model = load_detector(folder, engine=engine)
    voc = VOC(data, split, classes=model.classes)
    chosen = {name: inference for name, inference in variants(scales, sigma).items() if only in name}
    warm_up(model.search)
    results = compare(model, voc, range(len(voc))[skip:][:limit], chosen)
    if as_json:
        click.echo(json.dumps(results))
        return
    table = Table("at test time", "mAP", "ms an image", title=f"{folder}, {results['images']} images of {split}")
    for name, result in results["variants"].items():
        table.add_row(name, f"{100 * result['mAP']:.1f}", f"{result['milliseconds']:.0f}")
    Console().print(table)


def variants(scales: tuple[int, ...], sigma: float) -> dict[str, Inference]:
    """Return the usual way, each option alone, the two that cost least, and all, by name."""
    return {
        "as trained": Inference(),
        f"scales {', '.join(map(str, scales))}": Inference(scales=scales),
        "mirror image": Inference(mirror=True),
        "soft suppression": Inference(soft=True, sigma=sigma),
        "voting": Inference(voting=True),
        "soft suppression and voting": Inference(soft=True, sigma=sigma, voting=True),
        "all": Inference(scales=scales, mirror=True, soft=True, sigma=sigma, voting=True),
    }


def compare(model: SPPNet, voc: VOC, numbers: Sequence[int], chosen: dict[str, Inference]) -> dict[str, Any]:
    """Return the mAP and the median time of every variant on some images, whose windows are proposed once.

    The variants take turns on every image, so that whatever else the machine does meets all of them alike.
    """
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in chosen}
    with Progress() as progress:
        for done, number in enumerate(numbers, 1):
            started = time.perf_counter()
            image = voc.image(number)
            windows = model.search(image)
            ahead = time.perf_counter() - started
            for name, inference in chosen.items():
                started = time.perf_counter()
                [objects] = model.predict([image], windows=[windows], inference=inference)
                found[name].append({**objects, "seconds": ahead + time.perf_counter() - started})
            progress("images", done, len(numbers))
    targets = [voc.target(number) for number in numbers]
    return {
        "images": len(numbers),
        "variants": {name: _scored(some, targets, len(voc.classes)) for name, some in found.items()},
    }


def _scored(found: list[dict[str, Any]], targets: list[Any], classes: int) -> dict[str, float]:
    return {
        "mAP": float(np.nanmean(average_precision(found, targets, classes))),
        "milliseconds": 1000 * statistics.median(objects["seconds"] for objects in found),
    }


if __name__ == "__main__":
    command()
