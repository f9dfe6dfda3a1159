"""What a model finds in the images of a data set, several at once."""

import time
from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial
from itertools import islice
from typing import Any

import numpy.typing as npt

from sppnet import detector
from sppnet.data import Item

from ..console import BAD_DATA, CommandError
from ..inputs.items import Items
from ..progress import Progress
from ..spreading.cluster import Cluster
from ..spreading.spread import spread
from .lanes import lanes_for
from .proposing import propose_ahead

AT_ONCE = 32  # images with windows that a device is given together

Arrays = dict[str, npt.NDArray[Any]]
Outcome = tuple[int, dict[str, Any], tuple[Any, Arrays]]  # an image's number, what is found, its windows and target
# Called in order with an image's number, its windows (N, 4), its target, and milliseconds by stage.
Watch = Callable[[int, npt.NDArray[Any], Arrays, dict[str, float]], None]


def detect_all(
    network: "detector.SPPNet | detector.Combination",
    items: Items,
    workers: int,
    inference: "detector.Inference | None" = None,
    watch: Watch | None = None,
    cluster: Cluster | None = None,
) -> tuple[dict[int, Arrays], dict[str, float]]:
    """Return what the model finds in images, by their numbers, and milliseconds per stage and image.

    Images are worked on side by side, so the stages of one can take longer together than `wall`, all the time divided
    by the number of images.

    Args:
        network: The model that detects.
        items: The images, with their windows; where they carry none, the model proposes its own.
        workers: How many images are worked on at once.
        inference: What is done for an image beyond the usual.
        watch: Sees the windows and milliseconds of every image; nothing of them is kept here.
        cluster: Where to work instead of here.

    Raises:
        DataError: If an image cannot be read and the run is not lenient.
        CommandError: If none can be read.
    """
    found: dict[int, Arrays] = {}
    totals: defaultdict[str, float] = defaultdict(float)
    started = time.perf_counter()
    for number, result, (windows, target) in found_in(network, items, workers, inference, watch is not None, cluster):
        for stage, spent in result["milliseconds"].items():
            totals[stage] += spent
        found[number] = {name: result[name] for name in ("boxes", "labels", "scores")}
        if watch is not None:
            watch(number, windows, target, result["milliseconds"])
    if not found:
        raise CommandError("none of the images could be read", BAD_DATA)
    totals["wall"] = 1000 * (time.perf_counter() - started)
    return found, {stage: total / len(found) for stage, total in totals.items()}


def found_in(
    network: "detector.SPPNet | detector.Combination",
    items: Items,
    workers: int,
    inference: "detector.Inference | None" = None,
    watched: bool = False,
    cluster: Cluster | None = None,
) -> Generator[Outcome, None, None]:
    """Yield what `look` returns of every image, in order, as the images are done, and say how far that is."""
    lanes = lanes_for(items, workers)
    if cluster or getattr(network, "device", "cpu") == "cpu":
        results = spread(partial(look, network, inference, watched), items.numbered(), lanes=lanes, cluster=cluster)
    else:
        results = _look_ahead(network, inference, items, lanes)
    with Progress() as progress, closing(results):
        for done, result in enumerate(results, 1):
            yield result
            progress("images", done, len(items))


def _look_ahead(
    network: "detector.SPPNet | detector.Combination", inference: "detector.Inference | None", items: Items, lanes: int
) -> Generator[Outcome, None, None]:
    """Yield what a device finds in all images, with windows that processes proposed meanwhile."""
    with closing(propose_ahead(items, network.search, lanes, AT_ONCE)) as proposed:
        while some := list(islice(proposed, AT_ONCE)):
            numbers, ahead = zip(*some, strict=True)
            images, windows = [one.image for one in ahead], [one.windows for one in ahead]
            found = network.predict(images, windows=windows, inference=inference)
            for number, one, result in zip(numbers, ahead, found, strict=True):
                milliseconds = one.milliseconds | result["milliseconds"]
                yield number, {**result, "milliseconds": milliseconds}, (one.windows, one.target)


def look(
    network: "detector.SPPNet | detector.Combination",
    inference: "detector.Inference | None",
    watched: bool,
    numbered: tuple[int, Item],
) -> tuple[int, dict[str, Any], tuple[Any, Arrays]]:
    """Return the image's number, what is found in it, and its windows, None where the model keeps them, and target."""
    number, (image, target) = numbered
    windows, spent = target.get("windows"), {}
    if watched and windows is None:
        started = time.perf_counter()
        windows = network.search(image)
        spent["proposals"] = 1000 * (time.perf_counter() - started)
    result = network.predict([image], windows=None if windows is None else [windows], inference=inference)[0]
    return number, {**result, "milliseconds": spent | result["milliseconds"]}, (windows, target)
