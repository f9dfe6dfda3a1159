"""What a model remembers of the images it learned from: a number for each, enough to know them again."""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sppnet import detector
from sppnet.data import DataSet, Subset, content_hashes, remembered

from ..command.console import say

Hashes = npt.NDArray[np.uint64]

KEY = "learned_contents"  # in the metrics of a model
MOST_SIGNS = 3 << 20  # of all that are remembered, in base64


def remember(network: "detector.SPPNet", hashes: Hashes) -> None:
    """Let a model remember the contents of images' files, too; it keeps them when it is saved."""
    known = memory(network)
    every = remembered(hashes if known is None else np.concatenate([known, hashes]))
    network.metrics_[KEY] = base64.b64encode(every.astype("<u8").tobytes()).decode()


def memory(network: "detector.SPPNet | detector.Combination") -> Hashes | None:
    """Return the numbers of the files that a model, or one of several, learned from, sorted; None if none tells."""
    models: Sequence[Any] = getattr(network, "models", (network,))
    stored = [model.metrics_[KEY] for model in models if KEY in model.metrics_]
    if not stored:
        return None
    try:
        return np.unique(np.concatenate([_decoded(text) for text in stored]))
    except (TypeError, ValueError):  # metrics.json is a note: somebody may have written into it
        return None


def _decoded(text: str) -> Hashes:
    """Return the numbers that a text stands for; ValueError or TypeError if it is not one that `remember` writes."""
    if len(text) > MOST_SIGNS:
        raise ValueError(f"{len(text):,} characters")
    return np.frombuffer(base64.b64decode(text, validate=True), "<u8").astype(np.uint64)


def learned_images(network: "detector.SPPNet | detector.Combination", data: DataSet, numbers: list[int]) -> int | None:
    """Return how many of some images of a data set a model learned from, and say so loudly; None if it cannot tell."""
    known = memory(network)
    if known is None:
        return None
    hashes = content_hashes(Subset(data, numbers))
    count = int(np.isin(hashes, known).sum())
    if count:
        say(
            f"WARNING: the model has learned from {count:,} of these {len(numbers):,} images: "
            "how well it does on others, this score does not tell"
        )
    return count
