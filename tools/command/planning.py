"""What a training will cost on this machine, and which one fits into so many minutes."""

import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from sppnet import detector
from sppnet.data import DataSet

from .console import CommandError, duration, say

Make = Callable[..., "detector.SPPNet"]  # of a preset, and of epochs if not the usual ones
MEASURED = 0.037  # seconds of the conv layers for 600 x 800 pixels on the two cores that plans are of
LEAST_EPOCHS = 4  # of fine-tuning; with fewer, conv layers as they come are as good


def slowness() -> float:
    """Return how many times as long conv layers take here as on the two cores that plans are of."""
    backbone, image, times = detector.load_backbone(weights="random"), np.zeros((600, 800, 3), np.uint8), []
    for _ in range(4):
        started = time.perf_counter()
        backbone.map(image, 600)
        times.append(time.perf_counter() - started)
    return min(times) / MEASURED


def fitting(make: Make, images: int, minutes: float, slower: float) -> "detector.SPPNet":
    """Return the best detector whose training on so many images takes at most so many minutes, and say which it is.

    That is the preset of hours, with fewer epochs if need be, else that of minutes, even if it takes longer.
    """
    usual = make("hours")
    assert usual.fine_tuning is not None
    for epochs in range(usual.fine_tuning.epochs, LEAST_EPOCHS - 1, -1):
        network = make("hours", epochs=epochs)
        if slower * network.plan(images)["seconds"] <= 60 * minutes:
            say(f"{minutes:g} min are enough to fine-tune conv layers: --preset hours --epochs {epochs}")
            return network
    say(f"{minutes:g} min are for conv layers as they come: --preset minutes")
    return make("minutes")


def present_plan(
    network: "detector.SPPNet", data: DataSet, count: int, cache: Path, slower: float, better: "detector.SPPNet | None"
) -> None:
    """Say what a training on the first `count` images will work on and what it will cost, and what a better one would.

    Raises:
        CommandError: If the disk has less room than the cache will need.
    """
    objects = Counter(label for number in range(count) for label in data.target(number)["labels"].tolist())
    counts = ", ".join(f"{name} {objects[label]:,}" for label, name in enumerate(data.classes))
    say(f"{objects.total():,} objects of {len(data.classes)} classes: {counts}")
    plan = network.plan(count)
    there = next(folder for folder in (cache, *cache.resolve().parents) if folder.exists())
    free = shutil.disk_usage(there).free
    seconds = duration(slower * plan["seconds"])
    say(f"about {seconds}; {plan['disk_bytes'] / 1e9:.1f} GB in {cache}, {free / 1e9:.1f} GB are free")
    if better:
        say(f"better: --preset hours, about {duration(slower * better.plan(count)['seconds'])}")
    held = sum(file.stat().st_size for file in cache.rglob("*") if file.is_file())
    if plan["disk_bytes"] - held > free:
        raise CommandError(f"{cache}: too little room; name a folder on another disk with --cache", 1)
