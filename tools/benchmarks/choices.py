"""What settings are worth: models trained on one part of a split and scored on another part of it.

python -m sppnet.tools.benchmarks.choices \
    --data VOC2007 --weights FILE [--split train] [--fit 1000] [--test 500] [--json]
    [--about training|features]
"""

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
from sppnet.detector import CONTEXT, Mining, Pooling, Training, View, load_backbone
from sppnet.detector.pooling.features import Features, WindowFeatures
from sppnet.detector.pooling.projection import PAPER_SCALES, RELEASE_SCALES
from sppnet.detector.scoring.detection import WindowScorer
from sppnet.detector.timing import Stopwatch
from sppnet.detector.training.images import TrainingImages
from sppnet.detector.training.windows import detect_prepared, train_windows
from sppnet.detector.types import Image, Precision
from sppnet.proposals import SelectiveSearch

from ..command.console import say
from ..command.progress import Progress

USUAL, POOLING = Training(regression_examples=0, held_out=0), Pooling()
EARLY = View((1, 2, 3), map="fire5")
TRAINING = {
    "as shipped, without box regression": USUAL,
    "vectors not standardised": replace(USUAL, standardise=False),
    "vectors neither standardised nor centred": replace(USUAL, standardise=False, centre=False),
    "C = 0.0003": replace(USUAL, mining=Mining(C=0.0003)),
    "C = 0.003": replace(USUAL, mining=Mining(C=0.003)),
    "positives weigh 1": replace(USUAL, mining=Mining(positive_weight=1.0)),
    "no hard negatives": replace(USUAL, mining=Mining(passes=0)),
    "one pass of mining": replace(USUAL, mining=Mining(passes=1)),
    "with box regression": Training(held_out=0),
}
FEATURES: dict[str, tuple[Precision, Pooling]] = {
    "the last map at one scale": ("float32", POOLING),
    "and context": ("float32", POOLING.with_views(*CONTEXT)),
    "and the map before the last pooling": ("float32", POOLING.with_views(EARLY)),
    "and context and the map before the last pooling": ("float32", POOLING.with_views(*CONTEXT, EARLY)),
    "in bfloat16": ("bfloat16", POOLING),
    "at 864": ("float32", Pooling(scales=(864,))),
    "at five scales": ("float32", Pooling(scales=PAPER_SCALES)),
    "at five scales, release's rules": ("float32", Pooling(scales=RELEASE_SCALES, geometry="release")),
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
    usual: tuple[Precision, Pooling] = ("float32", POOLING)
    variants = (
        {name: (usual, training) for name, training in TRAINING.items()}
        if about == "training"
        else {name: (features, USUAL) for name, features in FEATURES.items()}
    )
    prepared: dict[tuple[Precision, Pooling], list[TrainingImages]] = {}
    for name, (settings, training) in variants.items():
        if settings not in prepared:
            precision, pooling = settings
            features = WindowFeatures(load_backbone("squeezenet1_1", weights, precision=precision), pooling)
            prepared = {settings: [_prepare(voc, part, features, cache) for part in parts]}
        fit, test = prepared[settings]
        results[name] = _score(name, voc, parts[1], fit, test, seed, training)
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
    training: Training,
) -> dict[str, float]:
    """Return the mAP on the test images of SVMs trained on the others, seconds of training and ms of detection."""
    started = time.perf_counter()
    with Progress() as progress:
        clock = Stopwatch()
        scorer = train_windows(fit, settings=training, seed=seed, progress=progress, clock=clock)
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
    started = time.perf_counter()
    scorer.detect(features.vectors(image, windows), windows, image.shape[:2])
    return 1000 * (time.perf_counter() - started)


if __name__ == "__main__":
    main()
