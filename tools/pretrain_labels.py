"""The supervised half of `sppnet pretrain`: labelled images in; a classifier, and conv layers for detectors, out."""

import json
from pathlib import Path
from typing import Any

import click

from sppnet import detector
from sppnet.data import write_whole

from .command.console import duration, find_device, finish, set_threads
from .command.inputs.labelled import open_labelled
from .command.options.classifier_options import classifier
from .command.running.fitting import fit_classifier
from .command.running.holding import Cache, hold
from .reports.curves import learning_curves

CURVES, WEIGHTS = "curves.png", "backbone.safetensors"


def pretrain_on_labels(
    *,
    root: Path,
    labels: str,
    split: str | None,
    output: Path,
    limit: int | None,
    context: float,
    background: int,
    data_format: str | None,
    cache: Path | None,
    lenient: bool,
    as_json: bool,
    device: str,
    threads: int | None,
    workers: int,
    seed: int,
    **settings: Any,
) -> None:
    """Train a classifier on the images of a folder and write it; see the options of `sppnet pretrain`."""
    output = output.resolve()
    set_threads(threads)
    device = find_device(device)
    detector.check_writable(output)
    hold(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    images, left_out = open_labelled(
        root,
        labels,
        split,
        usual="train",
        limit=limit,
        context=context,
        background=background,
        data_format=data_format,
        lenient=lenient,
        seed=seed,
    )
    network, training = classifier(images.classes, labels=labels, seed=seed, device=device, settings=settings)
    stored = Cache(cache or output.with_name(f"{output.name}.cache"))
    fit_classifier(network, images, stored.folder, workers, training)
    network.save(output)
    score = network.metrics_["quality"]
    write_whole(output / CURVES, learning_curves(network.metrics_["history"], score))
    if cache is None:
        stored.remove()
    scores = {size: values[-1] for size, values in network.metrics_["history"]["scores"].items() if values}
    if as_json:
        result = {"model": str(output), "weights": str(output / WEIGHTS), "scores": scores}
        click.echo(json.dumps({**result, "metrics": network.metrics_}))
    else:
        click.echo(summary(output, network, score, scores))
    finish(skipped=left_out)


def summary(output: Path, network: "detector.Classifier", score: str, scores: dict[str, float]) -> str:
    """Return what was learned from, how well, and what to do with the model."""
    metrics = network.metrics_
    by_size = ", ".join(f"{100 * value:.1f} at {size} pixels" for size, value in scores.items())
    return (
        f"learned from {metrics['images']:,} images in {duration(metrics['seconds']['training'])}"
        + (f"; {score} of held-out images in percent: {by_size}" if scores else "")
        + f"\nthe classifier is in {output}; next: sppnet classify PHOTO -m {output}, or "
        f"sppnet train --backbone {network.backbone} --weights {output / WEIGHTS} --data FOLDER -o DETECTOR"
    )
