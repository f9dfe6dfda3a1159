"""What the training's settings are worth: models trained on one part of a split and scored on another part of it.

python -m tools.bench_choices --data VOC2007 --weights FILE [--split train] [--fit 1000] [--test 500] [--json]
"""

import inspect
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from data import VOC, average_precision
from detector import Mining, SPPNet, load_trunk
from detector.examples import TrainingImages
from detector.features import WindowFeatures
from detector.timing import Stopwatch
from detector.training import detect_prepared, train_windows
from proposals import SelectiveSearch

from .console import say
from .progress import Progress

_DEFAULTS = {name: parameter.default for name, parameter in inspect.signature(SPPNet).parameters.items()}
USUAL = {name: _DEFAULTS[name] for name in ("norm", "centre", "standardise", "penalty")} | {"regression_examples": 0}
MINING = Mining()
VARIANTS: dict[str, dict[str, Any]] = {
    "as shipped, without box regression": {},
    "vectors not standardised": {"standardise": False},
    "vectors neither standardised nor centred": {"standardise": False, "centre": False},
    "C = 0.0003": {"mining": replace(MINING, C=0.0003)},
    "C = 0.003": {"mining": replace(MINING, C=0.003)},
    "positives weigh 1": {"mining": replace(MINING, positive_weight=1.0)},
    "no hard negatives": {"mining": replace(MINING, passes=0)},
    "one pass of mining": {"mining": replace(MINING, passes=1)},
    "with box regression": {"regression_examples": _DEFAULTS["regression_examples"]},
}


@click.command()
@click.option("--data", envvar="SPPNET_VOC2007", type=click.Path(path_type=Path), required=True, help="A VOC folder.")
@click.option("--weights", envvar="SPPNET_TRUNK", default="imagenet", help="Weights of squeezenet1_1.")
@click.option("--split", default="train", help="Image set that both parts are drawn from.")
@click.option("--fit", "fitted", default=1000, type=click.IntRange(1), help="Images to train on.")
@click.option("--test", "tested", default=500, type=click.IntRange(1), help="Other images, to score on.")
@click.option("--cache", type=click.Path(path_type=Path), default="choices.cache", help="Folder for windows and maps.")
@click.option("--seed", default=0, help="Of the parts and of the training.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(data: Path, weights: str, split: str, fitted: int, tested: int, cache: Path, seed: int, as_json: bool) -> None:
    """Print the mAP (VOC07) of every variant, all on the same images and windows."""
    voc = VOC(data, split)
    if fitted + tested > len(voc):
        raise click.UsageError(f"the split {split} has {len(voc)} images, fewer than {fitted} and {tested}")
    order = np.random.default_rng(seed).permutation(len(voc))[: fitted + tested]
    features = WindowFeatures(load_trunk("squeezenet1_1", weights))
    fit, test = (_prepare(voc, part, features, cache) for part in np.split(order, [fitted]))
    results = {name: _score(fit, test, seed, **variant) for name, variant in VARIANTS.items()}
    if as_json:
        print(json.dumps({"fit": len(fit), "test": len(test), "variants": results}))
        return
    table = Table("variant", "mAP", "seconds of training", title=f"{len(fit)} images to train, {len(test)} to test")
    for name, result in results.items():
        table.add_row(name, f"{100 * result['mAP']:.1f}", f"{result['seconds']:.0f}")
    Console().print(table)


def _prepare(voc: VOC, numbers: np.ndarray[Any, Any], features: WindowFeatures, cache: Path) -> TrainingImages:
    images = TrainingImages(voc.classes, features, cache)
    pairs = (voc[number] for number in numbers.tolist())
    with Progress() as progress:
        return images.prepare(pairs, SelectiveSearch(), workers=2, progress=progress, total=len(numbers))


def _score(fit: TrainingImages, test: TrainingImages, seed: int, **variant: Any) -> dict[str, float]:
    """Return the mAP on the test images of SVMs trained on the others, and the seconds of the training."""
    settings = {"mining": MINING, **USUAL, **variant}
    started = time.perf_counter()
    with Progress() as progress:
        clock = Stopwatch()
        classifier = train_windows(fit, held_out=0, seed=seed, progress=progress, clock=clock, **settings)
    seconds = time.perf_counter() - started
    found = [detect_prepared(test, number, classifier) for number in range(len(test))]
    targets = [test.target(number) for number in range(len(test))]
    mean = float(np.nanmean(average_precision(found, targets, len(test.classes))))
    say(f"{variant}: mAP {100 * mean:.2f}, {seconds:.0f} s")
    return {"mAP": mean, "seconds": seconds}


if __name__ == "__main__":
    main()
