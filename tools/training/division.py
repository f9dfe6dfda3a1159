"""Which images a training learns from, and on which others the model is scored: copies under other names are seen."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sppnet.data import DataError, DataSet, Subset, content_hashes, hold_out

from ..command.inputs.splits import open_split, validation_split

SHARE = 0.2  # of the images, held out where the data set has no validation split


class Division(NamedTuple):
    """Two parts of a data set that have no image in common, copies counted as one.

    Attributes:
        train: What is learned from.
        val: What the model is scored on; None for no score.
        held_out: Whether val was taken from the images that would have been learned.
        hashes: Of the files of train, as `content_hashes` returns them.
    """

    train: DataSet
    val: DataSet | None
    held_out: bool
    hashes: npt.NDArray[np.uint64]


def divided(
    data: DataSet, root: Path, share: float | None, *, seed: int, lenient: bool, data_format: str | None
) -> Division:
    """Return what to learn from and what to score on.

    The validation split of the data set is for the score where it has one with other images than these. Else, or where
    a share is asked for, so many of the images are held out, as `hold_out` chooses them; those without which a class
    would have no object to learn from are learned nevertheless.

    Args:
        data: The images wanted for the training.
        root: The data set that they are of, as `open_split` takes it.
        share: Of the images that are held out. None for `SHARE` if need be; 0 for none, and no score.
        seed: Decides which.
        lenient: As for `open_split`.
        data_format: As for `open_split`.

    Raises:
        DataError: If the validation split breaks a rule.
    """
    hashes = content_hashes(data)
    if share == 0:
        return Division(data, None, False, hashes)
    name = validation_split(root, data_format) if share is None else None
    if name not in (None, data.split):
        val = _validation_split(data, root, name, lenient, data_format)
        others = content_hashes(val)
        if data.split is None:  # all images of the data set: those of its validation split are not learned
            kept = np.flatnonzero(~np.isin(hashes, others))
            if len(kept):
                return Division(Subset(data, kept.tolist()), val, False, hashes[kept])
        unseen = np.flatnonzero(~np.isin(others, hashes))
        if len(unseen):
            return Division(data, Subset(val, unseen.tolist()), False, hashes)
    held = _held_out(data, hashes, share or SHARE, seed)
    kept = np.flatnonzero(~held)
    val_part = Subset(data, np.flatnonzero(held).tolist(), "held out") if held.any() else None
    return Division(Subset(data, kept.tolist()) if held.any() else data, val_part, True, hashes[kept])


def _validation_split(data: DataSet, root: Path, name: str | None, lenient: bool, data_format: str | None) -> DataSet:
    try:
        return open_split(root, name, usual="val", classes=data.classes, lenient=lenient, data_format=data_format)
    except DataError as error:
        raise DataError(f"{error}; it is for the score after the training: --val-split 0 does without") from None


def _held_out(data: DataSet, hashes: npt.NDArray[np.uint64], share: float, seed: int) -> npt.NDArray[np.bool_]:
    """Return which images are held out: bool (N,)."""
    if len(np.unique(hashes)) < 2:
        return np.zeros(len(data), np.bool_)
    chosen = set(hold_out(data, share, seed=seed)[1].ids)
    held = np.array([id_ in chosen for id_ in data.ids])
    shown = [_learnable(data, number) for number in range(len(data))]
    learned = {label for labels, out in zip(shown, held, strict=True) if not out for label in labels}
    for number in np.flatnonzero(held).tolist():
        if shown[number] - learned:
            held[hashes == hashes[number]] = False
            learned |= shown[number]
    return held


def _learnable(data: DataSet, number: int) -> set[int]:
    target = data.target(number)
    return set(target["labels"][~target["difficult"]].tolist())
