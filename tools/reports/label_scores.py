"""How well a classifier labels images: top-1 and top-5 accuracy, or mean average precision, at one or more sizes."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from sppnet import detector
from sppnet.data import label_average_precision

from ..command.inputs.labelled import Labelled
from ..command.progress import Progress
from ..command.running.lanes import lanes_for, side_by_side

TOP = 5
NAMES = {"top1": "top-1 accuracy", "top5": "top-5 accuracy", "mAP": "mAP, 11 points"}


def evaluate(
    classifier: "detector.Classifier", images: Labelled, sizes: Sequence[int | None], *, framing: Any, workers: int
) -> list[dict[str, Any]]:
    """Return {"size", "top1", "top5"} for every size, or {"size", "mAP", "AP": {class: value}} of several labels.

    Args:
        classifier: The classifier that scores the images.
        images: The images with their labels.
        sizes: The sizes at which `Classifier.predict` sees the images, in pixels; None is its default.
        framing: How `Classifier.predict` frames the images.
        workers: How many images are worked on at once.

    Raises:
        DataError: If an image cannot be read.
    """
    scores = []
    with Progress() as progress:
        score = partial(_scores, classifier, images, sizes, framing)
        for outcome in side_by_side(score, range(len(images)), lanes=lanes_for(images, workers)):
            scores.append(outcome.result())
            progress("images", len(scores), len(images))
    labels = np.array([images.label(number) for number in range(len(images))])
    usual = classifier.short_side_ if framing == "full" else classifier.side_
    return [
        {"size": usual if size is None else size, **_measured(found, labels, classifier.classes)}
        for size, found in zip(sizes, np.stack(scores, axis=1), strict=True)
    ]


def _scores(
    classifier: "detector.Classifier", images: Labelled, sizes: Sequence[int | None], framing: Any, number: int
) -> npt.NDArray[np.float32]:
    """Return the scores of an image at every size: float32 (sizes, K)."""
    image = images[number][0]
    return np.stack([classifier.predict([image], framing=framing, size=size)[0] for size in sizes])


def _measured(scores: npt.NDArray[np.float32], labels: npt.NDArray[Any], classes: Sequence[str]) -> dict[str, Any]:
    if labels.ndim == 2:
        precisions = label_average_precision(scores, labels)
        known = precisions[np.isfinite(precisions)]
        values = [float(value) if np.isfinite(value) else None for value in precisions]
        return {"mAP": float(known.mean()) if len(known) else None, "AP": dict(zip(classes, values, strict=True))}
    right = np.argsort(-scores, axis=1, kind="stable")[:, :TOP] == labels[:, None]
    return {"top1": float(right[:, 0].mean()), "top5": float(right.any(axis=1).mean())}


def show(results: dict[str, list[dict[str, Any]]]) -> None:
    """Print scores in percent: a row for every size, columns for every classifier."""
    first = next(iter(results.values()))
    measures = [name for name in NAMES if name in first[0]]
    table = Table("pixels", *(f"{name}\n{NAMES[measure]}" for name in results for measure in measures))
    for rows in zip(*results.values(), strict=True):
        values = (row[measure] for row in rows for measure in measures)
        table.add_row(str(rows[0]["size"]), *("-" if value is None else f"{100 * value:.1f}" for value in values))
    Console().print(table)
