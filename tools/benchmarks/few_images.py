"""What a few images are worth: two classes of VOC, learned from few images, with the backbones and presets there are.

python -m sppnet.tools.benchmarks.few_images --data VOC2007 [--weights FILE] [--classes car,dog] [--images 50,150]
    [--test 500] [--json]
"""

import json
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from sppnet.data import VOC, average_precision
from sppnet.detector import SPPNet

from ..command.console import json_option, say, set_threads, threads_option
from ..command.options.detector_options import network, numbers
from ..command.progress import Progress

Pairs = list[tuple[npt.NDArray[np.uint8], dict[str, Any]]]
OPTIONS: dict[str, Any] = {
    **{"method": "sppnet", "mode": "fast", "max_windows": 2000, "scales": (600,), "geometry": "paper"},
    **{"context": False, "also_map": None, "tuning": None, "scores": None, "unfreeze": False, "epochs": None},
    **{"learning_rate": None, "C": None, "no_regression": False},
}


@click.command()
@click.option("--data", envvar="SPPNET_VOC2007", type=click.Path(path_type=Path), required=True, help="A VOC folder.")
@click.option("--weights", envvar="SPPNET_TRUNK", default="imagenet", help="Weights of squeezenet1_1.")
@click.option("--classes", default="car,dog", help="Which two, or more.")
@click.option("--images", "counts", default="50,150", callback=numbers, help="Of train, to learn from.")
@click.option("--test", "tested", default=500, type=click.IntRange(1), help="Images of val to score on, the first.")
@threads_option
@json_option
def command(
    data: Path, weights: str, classes: str, counts: tuple[int, ...], tested: int, threads: int | None, as_json: bool
) -> None:
    """Print minutes of training and mAP (VOC07) of every backbone, preset and number of images."""
    set_threads(threads)
    names = tuple(classes.split(","))
    train, test = VOC(data, "train"), VOC(data, "val")
    shown = [number for number in range(len(train)) if len(only(train, number, names)["labels"])]
    rows: list[dict[str, Any]] = []
    for count in counts:
        pairs = [(train.image(number), only(train, number, names)) for number in shown[:count]]
        for backbone, start in (("squeezenet1_1", weights), ("efficientnet_lite0", "imagenet")):
            for preset in ("minutes", "hours"):
                model = network(names, backbone=backbone, weights=start, preset=preset, **OPTIONS)
                rows.append({"backbone": backbone, "preset": preset, **scored(model, pairs, test, tested, names)})
                say(str(rows[-1]))
    if as_json:
        click.echo(json.dumps({"classes": names, "test": tested, "rows": rows}))
        return
    table = Table(
        "images", "backbone", "preset", "minutes", "mAP", title=f"{classes}, tested on {tested} images of val"
    )
    for row in rows:
        figures = (f"{row['seconds'] / 60:.1f}", f"{100 * row['mAP']:.1f}")
        table.add_row(str(row["images"]), row["backbone"], row["preset"], *figures)
    Console().print(table)


def only(voc: VOC, number: int, names: tuple[str, ...]) -> dict[str, Any]:
    """Return what an image shows of some classes, labelled in their order."""
    target = voc.target(number)
    labels = np.array([voc.classes.index(name) for name in names])
    mine = np.isin(target["labels"], labels)
    order = {label: place for place, label in enumerate(labels.tolist())}
    kept = {name: values[mine] for name, values in target.items()}
    return {**kept, "labels": np.array([order[label] for label in kept["labels"].tolist()], np.int64)}


def scored(model: SPPNet, pairs: Pairs, test: VOC, tested: int, names: tuple[str, ...]) -> dict[str, float]:
    """Return the images and seconds of a training from nothing, and the mAP on the first images of a test set."""
    started = time.perf_counter()
    with Progress() as progress:
        model.fit(pairs, progress=progress)
    seconds = time.perf_counter() - started
    found = [model.predict([test.image(number)])[0] for number in range(tested)]
    targets = [only(test, number, names) for number in range(tested)]
    mean = float(np.nanmean(average_precision(found, targets, len(names))))
    return {"images": len(pairs), "seconds": seconds, "mAP": mean}


if __name__ == "__main__":
    command()
