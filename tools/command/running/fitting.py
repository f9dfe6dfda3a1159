"""The training of a classifier as verbs and benchmarks run it: what it is of, how far it is, and how it goes on."""

from pathlib import Path
from typing import Any

import numpy as np

from sppnet import detector

from ..console import INTERRUPTED, CommandError, say
from ..inputs.labelled import Labelled
from ..progress import Progress


def fit_classifier(
    network: "detector.Classifier", images: Labelled, cache: Path, workers: int, training: dict[str, Any]
) -> None:
    """Train, and say on what.

    Raises:
        CommandError: If the training is interrupted.
    """
    _present(network, images)
    try:
        with Progress() as progress:
            network.fit(images, checkpoints=cache, workers=max(1, workers), progress=progress, **training)
    except KeyboardInterrupt:
        raise CommandError(f"interrupted; the same command goes on from the state in {cache}", INTERRUPTED) from None


def _present(network: "detector.Classifier", images: Labelled) -> None:
    """Say how many images of every class a training will work on."""
    labels = np.array([images.label(number) for number in range(len(images))])
    columns = range(len(network.classes))
    counts = (labels > 0).sum(axis=0) if network.multi_label else [(labels == label).sum() for label in columns]
    say(", ".join(f"{name} {count:,}" for name, count in zip(network.classes, counts, strict=True)))
