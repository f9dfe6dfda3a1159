"""`sppnet represent`: how well vectors of whole images tell them apart, by layer, framing and image scale."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np

from sppnet import detector

from .command.console import (
    device_option,
    duration,
    find_device,
    json_option,
    say,
    seed_option,
    set_threads,
    threads_option,
)
from .command.inputs.represented import LabelledImages, folder_images, images_of_splits
from .command.inputs.splits import format_option
from .command.options.choices import ChoiceOf
from .command.options.completing import complete_split, complete_weights
from .command.options.detector_options import BACKBONE
from .command.progress import Progress
from .command.running.holding import Cache
from .reports.representation import show, write_plots


class Column(NamedTuple):
    """How images are looked at: a framing, and the scales whose vectors are taken together."""

    framing: Any
    scales: tuple[int, ...]


def _scales(_context: click.Context, _option: click.Parameter, text: str) -> list[tuple[int, ...]]:
    parts = [part.split("+") for part in text.split(",")]
    if not all(number.strip().isdecimal() and int(number) > 0 for part in parts for number in part):
        raise click.BadParameter(f"{text!r} is not a list of positive whole numbers such as 224,392 or 224,392,224+392")
    return list(dict.fromkeys(tuple(int(number) for number in part) for part in parts))


def _layers(_context: click.Context, _option: click.Parameter, text: str | None) -> list[str] | None:
    return None if text is None else list(dict.fromkeys(name.strip() for name in text.split(",")))


@click.command("represent")
@click.option(
    "--data", "root", type=click.Path(path_type=Path), required=True, help="Annotated data set, or class folders."
)
@click.option("--labels", type=click.Choice(["image", "folders"]), default="image", help="What --data holds.")
@click.option(
    "--split", shell_complete=complete_split, default="train", help="Of a data set: the images to train with."
)
@click.option("--test-split", default="val", help="Of a data set: the images to test with.")
@format_option
@click.option("--train-per-class", type=click.IntRange(1), default=30, help="Of class folders: images to train with.")
@click.option("--test-per-class", type=click.IntRange(1), default=50, help="Of class folders: at most so many to test.")
@click.option("--splits", type=click.IntRange(1), default=10, help="Of class folders: random splits.")
@click.option("--limit", type=click.IntRange(1), help="Of a data set: only so many images of each split, the first.")
@click.option("--backbone", "name", type=BACKBONE, default="efficientnet_lite0", help="Conv layers.")
@click.option(
    "--weights",
    shell_complete=complete_weights,
    default="imagenet",
    metavar="imagenet|random|FILE|MODEL",
    help="What is in the backbone.",
)
@click.option(
    "--preprocessing",
    type=ChoiceOf(lambda: detector.PREPROCESSINGS),
    help="What the weights expect of an image.  [default: what their file says, else torchvision]",
)
@click.option("--precision", type=click.Choice(["float32", "bfloat16"]), default="float32", help="Of the conv layers.")
@click.option("--scales", default="224,392", callback=_scales, help="Short sides; 224+392 takes two scales together.")
@click.option(
    "--framing",
    "framings",
    default="full,crop,warp",
    type=ChoiceOf(lambda: detector.FRAMINGS, several=True),
    help="The whole image, its middle square, or warped.",
)
@click.option("--mirrored", is_flag=True, help="Beyond the paper: average vectors with those of the mirror image.")
@click.option(
    "--layers",
    callback=_layers,
    help="Such as fire8,pool,spp; mean+spp takes two together.  [default: all but early ones]",
)
@click.option("--cache", type=click.Path(path_type=Path), default="represent.cache", help="Folder to keep vectors in.")
@click.option("--plots", type=click.Path(path_type=Path, file_okay=False), help="Folder for a figure of each framing.")
@json_option
@device_option
@threads_option
@seed_option
def command(
    root: Path,
    labels: str,
    split: str,
    test_split: str,
    data_format: str | None,
    train_per_class: int,
    test_per_class: int,
    splits: int,
    limit: int | None,
    name: str,
    weights: str,
    preprocessing: str | None,
    precision: Any,
    scales: list[tuple[int, ...]],
    framings: list[str],
    mirrored: bool,
    layers: list[str] | None,
    cache: Path,
    plots: Path | None,
    as_json: bool,
    device: str,
    threads: int | None,
    seed: int,
) -> None:
    """Tell whole images apart by linear SVMs on vectors of a backbone's layers.

    Each figure comes twice: in cross-validation on the images to train with, by which to choose layer, framing and
    scale, and on those to test with. Run again, the same command takes up the vectors that are there.
    """
    if labels == "folders" and limit is not None:
        raise click.UsageError(
            "--limit is for annotated data sets: class folders have --train-per-class and --test-per-class"
        )
    set_threads(threads)
    device = find_device(device)
    if labels == "image":
        data = images_of_splits(root, split, test_split, limit, data_format)
    else:
        data = folder_images(root, train=train_per_class, test=test_per_class, splits=splits, seed=seed)
    Cache(cache)
    backbone = detector.load_backbone(name, weights, preprocessing=preprocessing, precision=precision, device=device)
    columns = [Column(framing, together) for framing in framings for together in scales]
    result = compare(
        data, backbone, layers or usual_layers(backbone), columns, detector.VectorCache(cache), seed, mirrored
    )
    if plots is not None:
        write_plots(plots, result)
    if as_json:
        click.echo(json.dumps(result))
    else:
        show(result)


def usual_layers(backbone: "detector.Backbone") -> list[str]:
    """Return the two blocks before the last one, what is made of the last map, and all of that together."""
    names = detector.layer_names(backbone)
    blocks, of_last_map = names[: names.index("pool")], names[names.index("pool") :]
    return [*blocks[-3:-1], *of_last_map, "+".join(of_last_map[1:])]


def compare(
    data: LabelledImages,
    backbone: "detector.Backbone",
    layers: Sequence[str],
    columns: Sequence[Column],
    cache: "detector.VectorCache",
    seed: int,
    mirrored: bool,
) -> dict[str, Any]:
    """Return the quality of every layer in every column, ready for JSON.

    Raises:
        InputError: If there is no such layer, or the images cannot be learned from.
        DataError: If an image cannot be read.
    """
    single = list(dict.fromkeys(part for layer in layers for part in layer.split("+")))
    features = {
        (column.framing, scale): detector.ImageFeatures(
            backbone, single, scale=scale, framing=column.framing, mirrored=mirrored
        )
        for column in columns
        for scale in column.scales
    }
    one_pixel = np.zeros((1, 1, 3), np.uint8)  # has vectors as long as those of any image
    values = len(data.labels) * sum(one([one_pixel]).size for one in features.values())
    say(f"{values * cache.value_bytes / 1e9:.1f} GB of vectors in {cache.folder}")
    cells = [(layer, column) for layer in layers for column in columns]
    results = []
    with Progress() as progress:
        blocks = cache.fill(data.images, list(features.values()), progress=progress, total=len(data.labels))
        for layer, column in cells:
            results.append(_measured(data, features, layer, column, cache, blocks, seed))
            progress("SVMs", len(results), len(cells))
    say(", ".join(f"{stage} {duration(seconds)}" for stage, seconds in progress.seconds.items()))
    best = max(results, key=lambda cell: cell["validation"])
    train, test = data.splits[0]
    return {
        "measure": data.measure,
        "images": {"train": len(train), "test": len(test)},
        "splits": len(data.splits),
        "results": results,
        "best": best,
    }


def _measured(
    data: LabelledImages,
    features: Mapping[tuple[str, int], "detector.ImageFeatures"],
    layer: str,
    column: Column,
    cache: "detector.VectorCache",
    blocks: Sequence[str],
    seed: int,
) -> dict[str, Any]:
    """Return the quality of one or several layers together in a column: the means over the splits."""
    parts = [
        cache.load(features[column.framing, scale], name, blocks)
        for scale in column.scales
        for name in layer.split("+")
    ]
    costs, held_out, tested = [], [], []
    for train, test in data.splits:
        classifier = detector.ImageSVMs(data.quality, seed=seed).fit(
            [part[train] for part in parts], data.labels[train]
        )
        costs.append(classifier.C_)
        held_out.append(classifier.qualities_[classifier.C_])
        tested.append(data.quality(classifier.scores([part[test] for part in parts]), data.labels[test]))
    return {
        "layer": layer,
        "framing": column.framing,
        "scales": list(column.scales),
        "C": costs,
        "validation": float(np.mean(held_out)),
        "test": float(np.mean(tested)),
        "deviation": float(np.std(tested, ddof=1)) if len(tested) > 1 else None,
    }
