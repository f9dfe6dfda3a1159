"""What a stranger gets: a folder of images, command by command, minutes and mAP, beside torchvision's Faster R-CNN.

Faster R-CNN (MobileNetV3, 320 pixels) starts from random weights, which is what there is without a download, and learns
from the same images, for as long as `sppnet train` took, on the same threads.

python -m sppnet.tools.benchmarks.strangers [--data VOC2007] [--cases voc,shapes,few] [--preset minutes|hours]
    [--test 200] [--threads N] [-o strangers] [--json]
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from sppnet.data import VOC, DataSet, Subset, Target, average_precision, open_data, write_data

from ..command.console import CommandError, json_option, say, seed_option, set_threads, threads_option
from ..command.shapes import write_shapes

Pairs = list[tuple[npt.NDArray[np.uint8], Target]]

# Of VOC's: classes, and images of train that show one of them, the first.
VOC_CASES: dict[str, tuple[tuple[str, ...], int]] = {"voc": (("car", "dog"), 150), "few": (("dog",), 20)}
CASES = ("voc", "shapes", "few")
SHAPES = 80
PHOTOS = 5  # that are detected in
BATCH, LEARNING_RATE, SIDE = 4, 3e-4, 320


class OfClasses(Subset):
    """The first images of a data set that show objects of some classes, without the others' objects.

    Args:
        data: The whole.
        classes: Names of the classes, in the order of the labels.
        count: How many images at most.
    """

    def __init__(self, data: DataSet, classes: Sequence[str], count: int) -> None:
        self._labels = {data.classes.index(name): label for label, name in enumerate(classes)}
        showing = (n for n in range(len(data)) if set(data.target(n)["labels"].tolist()) & self._labels.keys())
        super().__init__(data, list(islice(showing, count)))
        self.classes = tuple(classes)

    def target(self, i: int) -> Target:
        """Return the objects of image i that are of the classes."""
        target = super().target(i)
        kept = np.isin(target["labels"], list(self._labels))
        labels = [self._labels[label] for label in target["labels"][kept].tolist()]
        return {**{name: values[kept] for name, values in target.items()}, "labels": np.array(labels, np.int64)}


@click.command()
@click.option("--data", envvar="SPPNET_VOC2007", type=click.Path(path_type=Path), help="VOC folder, not for shapes.")
@click.option("--cases", default=",".join(CASES), help="Which, with commas between.")
@click.option("--preset", type=click.Choice(["minutes", "hours"]), default="minutes", help="Of sppnet train.")
@click.option("--test", "tested", default=200, type=click.IntRange(1), help="Images to score on, which nobody learns.")
@click.option("-o", "--output", type=click.Path(path_type=Path), default="strangers", help="Folder for everything.")
@threads_option
@seed_option
@json_option
def command(
    data: Path | None,
    cases: str,
    preset: str,
    tested: int,
    output: Path,
    threads: int | None,
    seed: int,
    as_json: bool,
) -> None:
    """Print the minutes of every command and the mAP (VOC07) of both detectors, case by case."""
    chosen = cases.split(",")
    if not set(chosen) <= set(CASES):
        raise click.BadParameter(f"{cases!r} must be of {', '.join(CASES)}", param_hint="'--cases'")
    if data is None and set(chosen) & VOC_CASES.keys():
        raise click.UsageError("cases of VOC need its folder: give --data, or leave them out of --cases")
    set_threads(threads)
    rows: list[dict[str, Any]] = []
    for case in chosen:
        mine, others = furnish(output / case, case, data, tested, seed)
        steps, ours = walk(output / case, preset, threads, seed)
        say(f"{case}: {ours}; Faster R-CNN for {steps['train']:.0f} s")
        theirs = alternative(mine, others, steps["train"], seed)
        rows.append({"case": case, "images": len(mine), "seconds": steps, "sppnet": ours, "faster_rcnn": theirs})
        say(str(rows[-1]))
    if as_json:
        click.echo(json.dumps({"preset": preset, "test": tested, "rows": rows}))
        return
    named = list(rows[0]["seconds"])
    table = Table("case", "images", *(f"{name}, s" for name in named), "mAP", "told at the end", "Faster R-CNN")
    for row in rows:
        values = (row["sppnet"]["mAP"], row["sppnet"]["told"], row["faster_rcnn"]["mAP"])
        scores = ("-" if value is None else f"{100 * value:.1f}" for value in values)
        table.add_row(row["case"], str(row["images"]), *(f"{row['seconds'][name]:.0f}" for name in named), *scores)
    Console().print(table)


def furnish(folder: Path, case: str, voc: Path | None, tested: int, seed: int) -> tuple[DataSet, DataSet]:
    """Write what a stranger has into mine, and images that nobody learns into others, both in VOC's layout."""
    mine, others = folder / "mine", folder / "others"
    if case in VOC_CASES:
        classes, count = VOC_CASES[case]
        assert voc is not None
        for place, split, images in ((mine, "train", count), (others, "val", tested)):
            write_data(place, "voc", {"": OfClasses(VOC(voc, split), classes, images)}, images="link")
    else:
        for place, images, drawn in ((mine, SHAPES, 0), (others, tested, 1)):
            write_shapes(place, train=images, val=0, seed=2 * seed + drawn)
            for file in (place / "ImageSets" / "Main").iterdir():
                file.unlink()
    first = open_data(mine)
    return first, open_data(others, classes=first.classes)


def walk(folder: Path, preset: str, threads: int | None, seed: int) -> tuple[dict[str, float], dict[str, Any]]:
    """Run a stranger's commands one after the other.

    Returns:
        Seconds of each, and {"mAP": on others, "told": the mAP at the end of the training, "interval", "confidence"}.

    Raises:
        CommandError: If one of them fails.
    """
    mine, others, model = (str(folder / name) for name in ("mine", "others", "model"))
    photos = [str(path) for path in sorted((folder / "others" / "JPEGImages").iterdir())[:PHOTOS]]
    common = [] if threads is None else ["--threads", str(threads)]
    steps = {
        "check": ["data", "check", mine],
        "train": ["train", "--data", mine, "-o", model, "--preset", preset, "--seed", str(seed), "--json", *common],
        "eval": ["eval", "-m", model, "--data", others, "--json", *common],
        "detect": ["detect", *photos, "-m", model, "-o", str(folder / "found"), "--json", *common],
        "export": ["export", "-m", model, "-o", str(folder / "small")],
    }
    if _sppnet(["data", "check", "--help"]).returncode:  # an installation without that command
        del steps["check"]
    seconds, printed = dict[str, float](), dict[str, Any]()
    for name, words in steps.items():
        started = time.perf_counter()
        done = _sppnet(words)
        seconds[name] = time.perf_counter() - started
        if done.returncode:
            raise CommandError(f"sppnet {' '.join(words)} ended with {done.returncode}", 1)
        printed[name] = json.loads(done.stdout) if "--json" in words else None
    told = printed["train"]["metrics"].get("score") or {}
    figures = {"told": told.get("mAP"), "interval": told.get("interval"), "confidence": told.get("confidence")}
    return seconds, {"mAP": printed["eval"]["metrics"]["voc07"]["mAP"], **figures}


def _sppnet(words: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "sppnet", *words], stdout=subprocess.PIPE, text=True)


def alternative(train: DataSet, test: DataSet, seconds: float, seed: int) -> dict[str, Any]:
    """Return the steps that Faster R-CNN made in so many seconds, from random weights, and its mAP."""
    import torch
    from torchvision.models.detection import fasterrcnn_mobilenet_v3_large_320_fpn

    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    started = time.perf_counter()
    model = fasterrcnn_mobilenet_v3_large_320_fpn(
        weights=None, weights_backbone=None, num_classes=len(train.classes) + 1, trainable_backbone_layers=6
    ).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE)
    steps = 0
    while time.perf_counter() - started < seconds:
        numbers = random.permutation(len(train))[:BATCH].tolist()
        images, targets = zip(*(_sample(train, number, bool(random.integers(2))) for number in numbers), strict=True)
        loss = sum(model(list(images), list(targets)).values())
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimiser.step()
        steps += 1
    model.eval()
    found = []
    with torch.inference_mode():
        for number in range(len(test)):
            [objects] = model([_tensor(test.image(number))])
            arrays = {name: values.numpy() for name, values in objects.items()}
            found.append({**arrays, "labels": arrays["labels"] - 1})
    truth = [test.target(number) for number in range(len(test))]
    return {"steps": steps, "mAP": float(np.nanmean(average_precision(found, truth, len(test.classes))))}


def _sample(data: DataSet, number: int, mirrored: bool) -> tuple[Any, dict[str, Any]]:
    """Return an image and its ordinary objects as torchvision takes them, labels counted from 1."""
    import torch

    image, target = data[number]
    kept = ~target["difficult"]
    boxes, labels = target["boxes"][kept], target["labels"][kept] + 1
    if mirrored:
        image, boxes = image[:, ::-1], boxes[:, [2, 1, 0, 3]]
        boxes = np.abs(boxes - np.array([image.shape[1], 0, image.shape[1], 0], np.float32))
    return _tensor(image), {"boxes": torch.from_numpy(boxes), "labels": torch.from_numpy(labels)}


def _tensor(image: npt.NDArray[np.uint8]) -> Any:
    import torch

    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1), np.float32) / 255)


if __name__ == "__main__":
    command()
