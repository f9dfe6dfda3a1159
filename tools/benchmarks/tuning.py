"""What settings of fine-tuning are worth: models trained on one part of a split and scored on another part of it.

python -m sppnet.tools.benchmarks.tuning \
    --data VOC2007 [--split train] [--fit 800] [--test 500] [--epochs 6] [--only WORD] [--json]
"""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from sppnet.data import VOC, average_precision
from sppnet.detector import CONTEXT, PRESETS, FineTuning, Pooling, SPPNet, usual_views

from ..command.console import engine_option, json_option, say, set_threads, threads_option
from ..command.progress import Progress

BACKBONE = "efficientnet_lite0"
POOLING = Pooling(views=(*usual_views(BACKBONE), *CONTEXT))
USUAL = PRESETS["conv"]
VARIANTS: dict[str, FineTuning] = {
    "as shipped": USUAL,
    "seen at 480, 600 and 720": replace(USUAL, scales=(480, 600, 720)),
    "learning rate 6e-4": replace(USUAL, learning_rate=6e-4),
    "learning rate 1.5e-4": replace(USUAL, learning_rate=1.5e-4),
    "batches of 2 images": replace(USUAL, images=2),
    "batches of 1 image": replace(USUAL, images=1),
    "stage 3 frozen, too": replace(USUAL, stem="stage3"),
    "batches of 1 image, stage 3 frozen, too": replace(USUAL, images=1, stem="stage3"),
    "no mirror images": replace(USUAL, flips=False),
}


@click.command()
@click.option("--data", envvar="SPPNET_VOC2007", type=click.Path(path_type=Path), required=True, help="A VOC folder.")
@click.option("--split", default="train", help="Image set that both parts are drawn from.")
@click.option("--fit", "fitted", default=800, type=click.IntRange(1), help="Images to train on.")
@click.option("--test", "tested", default=500, type=click.IntRange(1), help="Other images, to score on.")
@click.option("--epochs", default=6, type=click.IntRange(1), help="Of every variant.")
@click.option("--cache", type=click.Path(path_type=Path), default="tuning.cache", help="Folder for windows and maps.")
@click.option("--only", default="", help="Variants whose name has this.")
@click.option("--seed", default=0, help="Of the parts and of the training.")
@engine_option
@threads_option
@json_option
def main(
    data: Path,
    split: str,
    fitted: int,
    tested: int,
    epochs: int,
    cache: Path,
    only: str,
    seed: int,
    engine: str,
    threads: int | None,
    as_json: bool,
) -> None:
    """Print the mAP (VOC07) of every variant, all on the same images."""
    set_threads(threads)
    voc = VOC(data, split)
    if fitted + tested > len(voc):
        raise click.UsageError(f"the split {split} has {len(voc)} images, fewer than {fitted} and {tested}")
    fit, test = np.split(np.random.default_rng(seed).permutation(len(voc))[: fitted + tested], [fitted])
    results = {
        name: _score(name, replace(options, epochs=epochs, patience=epochs), voc, fit, test, cache, seed, engine)
        for name, options in VARIANTS.items()
        if only in name
    }
    if as_json:
        print(json.dumps({"fit": len(fit), "test": len(test), "variants": results}))
        return
    table = Table(
        "variant",
        "mAP",
        "minutes",
        title=f"{fitted} images to train, {tested} to test; {torch.get_num_threads()} threads",
    )
    for name, result in results.items():
        table.add_row(name, f"{100 * result['mAP']:.1f}", f"{result['seconds'] / 60:.0f}")
    Console().print(table)


def _score(
    name: str, options: FineTuning, voc: VOC, fit: np.ndarray[Any, Any], test: np.ndarray[Any, Any], cache: Path,
    seed: int, engine: str,
) -> dict[str, Any]:  # fmt: skip
    """Return the mAP on the test images of a model trained on the others, its losses, and the seconds of training."""
    started = time.perf_counter()
    model = SPPNet(
        voc.classes, backbone=BACKBONE, pooling=POOLING, fine_tuning=options, scores="softmax", seed=seed,
        engine=engine,
    )  # fmt: skip
    with Progress() as progress:
        model.fit([voc[number] for number in fit.tolist()], cache=cache, progress=progress)
    seconds = time.perf_counter() - started
    found = [model.predict([voc.image(number)])[0] for number in test.tolist()]
    targets = [voc.target(number) for number in test.tolist()]
    mean = float(np.nanmean(average_precision(found, targets, len(voc.classes))))
    history = model.metrics_["fine_tuning"]
    losses = f"losses {history['losses']}, held out {history['held_out_losses']}"
    say(f"{name}: mAP {100 * mean:.2f}, {seconds:.0f} s, {losses}")
    return {"mAP": mean, "seconds": seconds, **history}


if __name__ == "__main__":
    main()
