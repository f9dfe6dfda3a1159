"""The layers of a detector tuned to its classes before its SVMs: a frozen stem, layers that learn, and the new maps."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..backbone.backbone import Backbone
from ..pooling.features import Features, WindowFeatures
from ..timing import Stopwatch
from ..types import Note, Progress
from .finetuning import fine_tune, principal_channels
from .images import TrainingImages
from .settings import FineTuning
from .windows import split_held_out


def tune_layers(
    images: TrainingImages,
    prepare: Callable[[], TrainingImages],
    features: Features,
    tuning: FineTuning,
    *,
    held_out: float,
    folder: Path,
    seed: int,
    progress: Progress,
    note: Note,
    clock: Stopwatch,
) -> tuple[TrainingImages, dict[str, Any]]:
    """Return the images with the features and maps of layers that have learned, and how these learned.

    Args:
        images: Without images yet; their features are those of `stem_of`.
        prepare: Fills them.
        features: With layers just made of weights, and no head.
        tuning: Which layers learn, and how.
        held_out: Fraction of the images that tells when to stop.
        folder: For the state of the training.
        seed: The same seed gives the same result.
        progress: Called with (stage, done, total).
        note: Called with what is known of an epoch as it ends.
        clock: Counts the time of the stages.

    Raises:
        InputError: If no image has an object.
    """
    assert isinstance(features, WindowFeatures)
    given: Backbone = features.backbone  # type: ignore[assignment]  # just made of weights
    _, tail = given.split(_stem_name(given, tuning))
    with clock("windows and maps"):
        prepare()
    images.check_objects()
    stem: Backbone = images.features.backbone  # type: ignore[assignment]
    with clock("fine-tuning"):
        fitting, held = split_held_out(len(images), held_out, seed)
        if tuning.reduction:
            tail.append(principal_channels(images, tail, fitting, tuning.reduction))
        tail.requires_grad_(True)
        whole = replace(features, backbone=given.with_layers([*stem.layers, *tail]))
        head, history = fine_tune(
            images,
            whole,
            tail,
            tuning,
            fitting=fitting,
            held=held,
            checkpoints=folder,
            seed=seed,
            progress=progress,
            note=note,
        )
        features = replace(features, backbone=given.with_layers([*stem.layers, *tail]), head=head)
        return images.through(features, tail, progress), history


def stem_of(features: Features, tuning: FineTuning) -> WindowFeatures:
    """Return the features whose maps are kept while layers learn: those of the frozen stem, at all scales seen."""
    assert isinstance(features, WindowFeatures)
    given: Backbone = features.backbone  # type: ignore[assignment]  # just made of weights
    stem, _ = given.split(_stem_name(given, tuning))
    seen = tuple(dict.fromkeys((*features.pooling.scales, *tuning.scales)))
    return replace(features, backbone=stem, pooling=replace(features.pooling, scales=seen))


def _stem_name(given: Backbone, tuning: FineTuning) -> str | None:
    """Return the name of the last map of the stem, None for the backbone's own stem."""
    return tuning.stem if tuning.unfreeze else given.last.name
