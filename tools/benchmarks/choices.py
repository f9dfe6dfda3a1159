"""What settings are worth: models trained on one part of a split and scored on another part of it.

python -m sppnet.tools.benchmarks.choices \
    --data VOC2007 --weights FILE [--split train] [--fit 1000] [--test 500] [--json]
    [--about training|features]
"""

import inspect
import json
import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.table import Table

from sppnet.data import VOC, average_precision
from sppnet.detector import Mining, SPPNet, load_backbone
from sppnet.detector.pooling.features import Features, WindowFeatures
from sppnet.detector.pooling.projection import PAPER_SCALES, RELEASE_SCALES
from sppnet.detector.scoring.detection import WindowScorer
from sppnet.detector.timing import Stopwatch
from sppnet.detector.training.images import TrainingImages
from sppnet.detector.training.windows import detect_prepared, train_windows
from sppnet.detector.types import Image
from sppnet.proposals import SelectiveSearch

from ..command.console import say
from ..command.progress import Progress

_DEFAULTS = {name: parameter.default for name, parameter in inspect.signature(SPPNet).parameters.items()}
USUAL = {name: _DEFAULTS[name] for name in ("norm", "centre", "standardise", "penalty")} | {"regression_examples": 0}
MINING = Mining()
TRAINING: dict[str, dict[str, Any]] = {
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
FEATURES: dict[str, dict[str, Any]] = {
    "the last map at one scale": {},
    "and context": {"context": True},
    "and the early map": {"early": True},
    "and context and the early map": {"context": True, "early": True},
    "in bfloat16": {"precision": "bfloat16"},
    "at 864": {"scales": (864,)},
    "at five scales": {"scales": PAPER_SCALES},
    "at five scales, release's rules": {"scales": RELEASE_SCALES, "geometry": "release"},
}
TIMED = 20  # images on which the cost of a variant is measured


@click.command()
@click.option("--data", envvar="SPPNET_VOC2007", type=click.Path(path_type=Path), required=True, help="A VOC folder.")
@click.option("--weights", envvar="SPPNET_TRUNK", default="imagenet", help="Weights of squeezenet1_1.")
@click.option("--split", default="train", help="Image set that both parts are drawn from.")
@click.option("--fit", "fitted", default=1000, type=click.IntRange(1), help="Images to train on.")
@click.option("--test", "tested", default=500, type=click.IntRange(1), help="Other images, to score on.")
@click.option("--cache", type=click.Path(path_type=Path), default="choices.cache", help="Folder for windows and maps.")
@click.option("--about", type=click.Choice(["training", "features"]), default="training", help="Which variants.")
@click.option("--seed", default=0, help="Of the parts and of the training.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(
    data: Path, weights: str, split: str, fitted: int, tested: int, cache: Path, about: str, seed: int, as_json: bool
) -> None:
    """Print the mAP (VOC07) of every variant, all on the same images and windows."""
    voc = VOC(data, split)
    if fitted + tested > len(voc):
        raise click.UsageError(f"the split {split} has {len(voc)} images, fewer than {fitted} and {tested}")
    parts = np.split(np.random.default_rng(seed).permutation(len(voc))[: fitted + tested], [fitted])
    results = {}
    of_features: dict[str, dict[str, Any]] = {name: {} for name in TRAINING} if about == "training" else FEATURES
    prepared: dict[str, tuple[TrainingImages, TrainingImages]] = {}
    for name, settings in of_features.items():
        if repr(settings) not in prepared:
            precision = {"precision": settings["precision"]} if "precision" in settings else {}
            others = {key: value for key, value in settings.items() if key != "precision"}
            features = WindowFeatures(load_backbone("squeezenet1_1", weights, **precision), **others)
            fit, test = (_prepare(voc, part, features, cache) for part in parts)
            prepared = {repr(settings): (fit, test)}
        fit, test = prepared[repr(settings)]
        results[name] = _score(name, voc, parts[1], fit, test, seed, **(TRAINING[name] if about == "training" else {}))
    if as_json:
        print(json.dumps({"fit": len(parts[0]), "test": len(parts[1]), "variants": results}))
        return
    title = f"{len(parts[0])} images to train, {len(parts[1])} to test; {torch.get_num_threads()} threads"
    table = Table("variant", "mAP", "seconds of training", "ms an image, windows given", title=title)
    for name, result in results.items():
        costs = (f"{result['seconds']:.0f}", f"{result['milliseconds']:.0f}")
        table.add_row(name, f"{100 * result['mAP']:.1f}", *costs)
    Console().print(table)


def _prepare(voc: VOC, numbers: np.ndarray[Any, Any], features: WindowFeatures, cache: Path) -> TrainingImages:
    images = TrainingImages(voc.classes, features, cache)
    pairs = (voc[number] for number in numbers.tolist())
    with Progress() as progress:
        return images.prepare(pairs, SelectiveSearch(), workers=2, progress=progress, total=len(numbers))


def _score(
    name: str,
    voc: VOC,
    numbers: np.ndarray[Any, Any],
    fit: TrainingImages,
    test: TrainingImages,
    seed: int,
    **variant: Any,
) -> dict[str, float]:
    """Return the mAP on the test images of SVMs trained on the others, seconds of training and ms of detection."""
    settings = {"mining": MINING, **USUAL, **variant}
    started = time.perf_counter()
    with Progress() as progress:
        clock = Stopwatch()
        scorer = train_windows(fit, held_out=0, seed=seed, progress=progress, clock=clock, **settings)
    seconds = time.perf_counter() - started
    found = [detect_prepared(test, number, scorer) for number in range(len(test))]
    targets = [test.target(number) for number in range(len(test))]
    mean = float(np.nanmean(average_precision(found, targets, len(test.classes))))
    milliseconds = statistics.median(
        _milliseconds(voc.image(number), test.windows(place), test.features, scorer)
        for place, number in enumerate(numbers[:TIMED].tolist())
    )
    say(f"{name}: mAP {100 * mean:.2f}, {seconds:.0f} s, {milliseconds:.0f} ms")
    return {"mAP": mean, "seconds": seconds, "milliseconds": milliseconds}


def _milliseconds(image: Image, windows: npt.NDArray[np.float32], features: Features, scorer: WindowScorer) -> float:
    started, size = time.perf_counter(), (image.shape[0], image.shape[1])
    maps = features.maps(image, features.chosen_scales(windows, size), windows)
    scorer.detect(features.project(maps, windows, size), windows, size)
    return 1000 * (time.perf_counter() - started)


if __name__ == "__main__":
    main()
