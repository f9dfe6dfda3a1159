"""Settings chosen by cross-validation: every candidate is trained on parts of the images and scored on the others.

With few images the best C, and whether context or learning conv layers help, differ from data set to data set. The
parts divide contents, so that copies of an image are in one part. Windows and maps are computed once for all.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sppnet.data import DataSet, Subset, average_precision, judged_detections, precision_intervals

from ..command.console import USAGE, CommandError, duration, say
from ..command.inputs.items import Items
from ..command.progress import Progress
from ..command.running.planning import Make
from ..command.running.predicting import detect_all

FOLDS = 3
# In this order, as far as time allows; the first is what is trained where nobody chooses.
CANDIDATES: dict[str, dict[str, Any]] = {
    "C 0.001": {"preset": "minutes", "C": 1e-3},
    "C 0.001, context": {"preset": "minutes", "C": 1e-3, "context": True},
    "conv layers learn": {"preset": "hours"},
    "C 0.01": {"preset": "minutes", "C": 1e-2},
    "C 0.0001": {"preset": "minutes", "C": 1e-4},
    "C 0.01, context": {"preset": "minutes", "C": 1e-2, "context": True},
    "C 0.0001, context": {"preset": "minutes", "C": 1e-4, "context": True},
}


class Task(NamedTuple):
    """What candidates are tried on.

    Attributes:
        data: The images.
        folds: int64 (N,), the part that each is in.
        cache: Folder for windows and maps.
        workers: As for `SPPNet.fit`.
        lenient: Whether images that cannot be read are left out.
        windows: A file of windows, or None.
        order: Names of its images where it has none.
    """

    data: DataSet
    folds: npt.NDArray[np.int64]
    cache: Path
    workers: int
    lenient: bool
    windows: Path | None
    order: Sequence[str]


def divided_in_folds(hashes: npt.NDArray[np.uint64], *, seed: int) -> npt.NDArray[np.int64]:
    """Return the part that each image is in, 0 to `FOLDS` - 1; the same contents are in one: int64 (N,).

    Raises:
        CommandError: If there are fewer than two contents for every part.
    """
    contents, places = np.unique(hashes, return_inverse=True)
    if len(contents) < 2 * FOLDS:
        raise CommandError(f"--choose takes {2 * FOLDS} different images at least, there are {len(contents)}", USAGE)
    return np.random.default_rng(seed).permutation(len(contents))[places] % FOLDS


def choose_settings(
    make: Make, task: Task, minutes: float, slower: float
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the settings that scored best, and what all candidates that there was time for scored, best first.

    Args:
        make: Makes a detector of a candidate's settings.
        task: What they are tried on.
        minutes: For everything, with the training on all images that comes after.
        slower: How many times as long as planned things take here.
    """
    ends, rows, reserve = time.monotonic() + 60 * minutes, list[dict[str, Any]](), 0.0
    usual = 0.0  # seconds that a candidate with conv layers as they come took
    for name, settings in CANDIDATES.items():
        whole = slower * make(**settings).plan(len(task.data))["seconds"]
        learns = settings["preset"] == "hours"
        trial = usual if usual and not learns else whole * (FOLDS - 1)
        if time.monotonic() + trial + max(reserve, whole) > ends:
            say(f"no time for {name}: about {duration(trial)}, and {duration(max(reserve, whole))} to train the best")
            continue
        started = time.monotonic()
        row = {"name": name, **_scored(make, settings, task)}
        row["seconds"] = round(time.monotonic() - started, 1)
        usual, reserve = usual if learns else row["seconds"], max(reserve, whole)
        rows.append(row)
        low, high = row["interval"]
        say(f"{name}: mAP {100 * row['mAP']:.1f} [{100 * low:.0f} to {100 * high:.0f}], {duration(row['seconds'])}")
    rows.sort(key=lambda row: -row["mAP"])
    best = rows[0]["name"] if rows else next(iter(CANDIDATES))
    say(f"chosen: {best}" + f", the best of {len(rows)} in {FOLDS}-fold cross-validation" * bool(rows))
    return CANDIDATES[best], rows


def _scored(make: Make, settings: dict[str, Any], task: Task) -> dict[str, Any]:
    """Return {"mAP", "interval"} of a candidate on all images, each seen by a model that has not learned it."""
    found: dict[int, Any] = {}
    for fold in range(FOLDS):
        learned, tested = np.flatnonzero(task.folds != fold).tolist(), np.flatnonzero(task.folds == fold).tolist()
        network = make(**settings)
        with Progress() as progress:
            network.fit(_items(task, learned), cache=task.cache, workers=task.workers, progress=progress)
        objects, _ = detect_all(network, _items(task, tested), task.workers)
        found |= {tested[place]: each for place, each in objects.items()}
    targets = [task.data.target(number) for number in found]
    judged = judged_detections(list(found.values()), targets, len(task.data.classes))
    precisions = average_precision(list(found.values()), targets, len(task.data.classes))
    return {"mAP": float(np.nanmean(precisions)), "interval": precision_intervals(judged)[1].tolist()}


def _items(task: Task, numbers: Sequence[int]) -> Items:
    return Items(Subset(task.data, numbers), lenient=task.lenient, windows=task.windows, order=task.order)
