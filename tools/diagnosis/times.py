"""What detection takes here, measured, with what the README's machine takes beside it."""

import time
from collections.abc import Iterator
from functools import cache

import numpy as np
from PIL import Image

from sppnet import detector, proposals

from ..command.warm import warm_up
from .environment import loops_are_compiled
from .finding import Finding, UnmeasuredError

# Milliseconds on the README's machine: the conv layers of 600x800 pixels by threads, and all of an image with two
# threads, 59 to 66; see docs/speed.md.
CONV_REFERENCE = {1: 60, 2: 37}
IMAGE_REFERENCE = 63
PHOTOGRAPH = "grace_hopper.jpg"
SIZE = (500, 375)  # pixels of it, as most of VOC's images have: 600x800 for the conv layers
RUNS = 5
MUCH_SLOWER = 1.5  # times as long
SMALLER = "sppnet detect -m voc07-small ..."  # the command for a slow machine


def image() -> Iterator[Finding]:
    """Look how long the model in the box takes for a photograph."""
    threads = detector.thread_count()
    times = photograph_milliseconds(threads)
    total = sum(times.values())
    stages = ", ".join(f"{stage} {value:.0f}" for stage, value in times.items() if value >= 1)
    found = (
        f"{total:.0f} ms, threads: {threads} ({stages}); on the README's machine {IMAGE_REFERENCE} with two, "
        f"of it conv {CONV_REFERENCE[2]}"
    )
    if total > MUCH_SLOWER * IMAGE_REFERENCE:
        cost = f"{total / IMAGE_REFERENCE:.1f} times as long as there; the smaller model takes two thirds of it"
        yield Finding("a photograph", "slow", found, cost, SMALLER)
    else:
        yield Finding("a photograph", "fine", found)


@cache
def photograph_milliseconds(threads: int) -> dict[str, float]:
    """Return the milliseconds by stage that the model in the box takes for a photograph, of the quickest run.

    Raises:
        UnmeasuredError: If loops are not compiled.
    """
    if not loops_are_compiled():
        raise UnmeasuredError
    from matplotlib.cbook import get_sample_data

    photograph = Image.open(str(get_sample_data(PHOTOGRAPH, asfileobj=False))).convert("RGB").resize(SIZE)
    with detector.conv_threads(threads):
        model = detector.load_detector("voc07")
        warm_up(model.search)
        runs: list[dict[str, float]] = [
            dict(model.predict([np.asarray(photograph)])[0]["milliseconds"]) for _ in range(RUNS)
        ]
    return min(runs, key=lambda times: sum(times.values()))


def conv_milliseconds(threads: int) -> float:
    """Return the milliseconds of its conv layers with so many threads."""
    return photograph_milliseconds(threads)["conv"]


def search_milliseconds(mode: str) -> float:
    """Return the median milliseconds that selective search takes for an image of 500x375 with twenty rectangles."""
    if not loops_are_compiled():
        raise UnmeasuredError
    random = np.random.default_rng(0)
    picture = random.integers(110, 130, (375, 500, 3)).astype(np.uint8)
    for left, top, side in random.integers(0, [400, 300, 100], (20, 3)):
        picture[top : top + side, left : left + side] += random.integers(0, 120, 3).astype(np.uint8)
    search = proposals.SelectiveSearch(mode=mode)
    warm_up(search, detection=False)
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        search(picture)
        times.append(1000 * (time.perf_counter() - started))
    return round(float(np.median(times)), 1)
