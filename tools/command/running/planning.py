"""What a training will cost on this machine, and which one fits into so many minutes."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sppnet import detector
from sppnet.data import DataSet

from ..console import USAGE, CommandError, duration, say

Make = Callable[..., "detector.SPPNet"]  # of a preset, and of epochs if not the usual ones
MEASURED = 0.037  # seconds of the conv layers for 600 x 800 pixels on the two cores that plans are of
FEW_OBJECTS = 10  # of a class
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
    network: "detector.SPPNet", data: DataSet, data_format: str, cache: Path, slower: float
) -> dict[str, Any]:
    """Say what a training will work on, what it will cost here and where it is thin, and return that as JSON has it.

    Raises:
        CommandError: If the disk has less room than the cache will need.
    """
    objects = np.zeros(len(data.classes), np.int64)
    for number in range(len(data)):
        target = data.target(number)
        objects += np.bincount(target["labels"][~target["difficult"]], minlength=len(objects))
    counts = dict(zip(data.classes, objects.tolist(), strict=True))
    listed = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    kinds = f"{len(counts)} class{'es' * (len(counts) > 1)}"
    say(f"{objects.sum():,} objects of {kinds} in {len(data):,} images, format {data_format}: {listed}")
    thin = [name for name, count in counts.items() if 0 < count < FEW_OBJECTS]
    if thin:
        say(f"thin, with fewer than {FEW_OBJECTS} objects to learn from: {', '.join(thin)}")
    plan = network.plan(len(data))
    there = next(folder for folder in (cache, *cache.resolve().parents) if folder.exists())
    free, memory = shutil.disk_usage(there).free, free_memory()
    seconds = slower * plan["seconds"]
    say(
        f"about {duration(seconds)}; {plan['disk_bytes'] / 1e9:.1f} GB in {cache}, {free / 1e9:.1f} GB are free; "
        f"memory up to about {plan['memory_bytes'] / 1e9:.1f} GB"
        + (f", {memory / 1e9:.1f} GB are free" if memory else "")
    )
    held = sum(map(_size, cache.rglob("*")))
    if plan["disk_bytes"] - held > free:
        raise CommandError(f"{cache}: too little room; name a folder on another disk with --cache", 1)
    return {
        "format": data_format,
        "images": len(data),
        "objects": counts,
        "thin": thin,
        **plan,
        "seconds": seconds,
    }


def _size(file: Path) -> int:
    """Return the bytes of a file, 0 of what is none or has just been removed by a run that shares its folder."""
    try:
        return file.stat().st_size if file.is_file() else 0
    except FileNotFoundError:
        return 0


def free_memory() -> int | None:
    """Return how many bytes of memory the system can give, None where it does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")), None)


def present_leftovers(cache: Path, *, wanted: bool) -> None:
    """Say what an interrupted training has left to go on from.

    Args:
        cache: Its folder.
        wanted: Whether there must be something.

    Raises:
        CommandError: If there must be, and is nothing.
    """
    kinds = {"windows of {} images": "windows", "{} maps": "array", "{} states of learning layers": "pt"}
    counts = {kind: sum(1 for _ in cache.rglob(f"*.{suffix}")) for kind, suffix in kinds.items()}
    left = ", ".join(kind.format(f"{count:,}") for kind, count in counts.items() if count)
    if left:
        say(f"goes on from {cache}: {left}; what does not belong to this training is made anew")
    elif wanted:
        raise CommandError(f"{cache}: nothing to resume, no training was interrupted there; leave out --resume", USAGE)
