"""Whether the parts of explanations add up: the largest difference from the margins of detections.

python -m sppnet.tools.benchmarks.explanations [-m MODEL] --data VOC2007 [--split val] [--limit 100] [--json]
"""

import json
import statistics
import time
from pathlib import Path

import click
import numpy as np

from sppnet.data import VOC
from sppnet.detector import Explainer

from ..command.console import json_option, set_threads, threads_option
from ..command.models import load
from ..command.warm import warm_up


@click.command()
@click.option(
    "-m", "--model", "folder", type=click.Path(path_type=Path), help="A fitted SPP-net; else the bundled one."
)
@click.option("--data", envvar="SPPNET_VOC2007", type=click.Path(path_type=Path), required=True, help="A VOC folder.")
@click.option("--split", default="val", help="Image set.")
@click.option("--limit", type=click.IntRange(1), default=100, help="So many detections, of the first images.")
@threads_option
@json_option
def command(folder: Path | None, data: Path, split: str, limit: int, threads: int | None, as_json: bool) -> None:
    """Explain detections, and print by how much parts, bias and rivals miss the margins, and boxes the detections'."""
    set_threads(threads)
    voc, network = VOC(data, split), load([] if folder is None else [folder], "union", "cpu", "auto")
    explainer = Explainer(network)
    warm_up(network.search)
    differences, shifts, seconds = list[float](), list[float](), list[float]()
    images = 0
    while len(differences) < limit and images < len(voc):
        seen = explainer.look(voc.image(images))
        images += 1
        for number in range(min(len(seen.detections), limit - len(differences))):
            started = time.perf_counter()
            found = seen.explain(number)
            seconds.append(time.perf_counter() - started)
            differences.append(found.difference)
            shifts.append(float(np.abs(found.box - seen.detections.boxes[number]).max()))
    figures = {
        "images": images,
        "detections": len(differences),
        "largest_difference": max(differences, default=None),
        "largest_shift": max(shifts, default=None),
        "milliseconds": 1000 * statistics.median(seconds) if seconds else None,
    }
    if as_json:
        click.echo(json.dumps(figures))
        return
    for name, value in figures.items():
        click.echo(f"{name.replace('_', ' ')}: {value if value is None else format(value, '.3g')}")


if __name__ == "__main__":
    command()
