"""Images to represent: their labels, which of them to train and which to test with, and how that is scored."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import numpy.typing as npt

from sppnet.data import ClassFolders, ImageLabels, accuracy, class_splits, label_average_precision

from ..console import say
from .splits import open_split

Integers = npt.NDArray[np.int64]
Labels = npt.NDArray[np.int8]


class LabelledImages(NamedTuple):
    """Images with labels int8 (N, classes), to be read once, and the rows to train and to test with."""

    images: Iterable[npt.NDArray[np.uint8]]
    labels: Labels
    classes: tuple[str, ...]
    splits: list[tuple[Integers, Integers]]
    measure: str
    quality: Callable[[npt.NDArray[np.float32], Labels], float]


def images_of_splits(
    root: Path, split: str, test_split: str, limit: int | None, data_format: str | None = None
) -> LabelledImages:
    """Return the images of two splits of a data set, the first `limit` of each, scored by mean average precision.

    Raises:
        click.UsageError: If the two have images in common.
        DataError: If they cannot be read.
    """
    train = open_split(root, split, usual=split, lenient=False, data_format=data_format)
    test = open_split(root, test_split, usual=test_split, classes=train.classes, lenient=False, data_format=data_format)
    shared = len(set(train.ids) & set(test.ids))
    if shared:
        raise click.UsageError(f"the splits to train and to test with must differ and have {shared:,} images in common")
    learned, tested = ([(ImageLabels(data), number) for number in range(len(data))][:limit] for data in (train, test))
    rows = np.arange(len(learned) + len(tested))
    return LabelledImages(
        (images.data.image(number) for images, number in learned + tested),
        np.stack([images.label(number) for images, number in learned + tested]),
        train.classes,
        [(rows[: len(learned)], rows[len(learned) :])],
        "mAP",
        mean_average_precision,
    )


def folder_images(root: Path, *, train: int, test: int, splits: int, seed: int) -> LabelledImages:
    """Return the images of a folder of class folders in random splits, scored by accuracy; see `data.class_splits`.

    Raises:
        DataError: If they cannot be read, or a class has too few.
    """
    folders = ClassFolders(root)
    say(f"{root}: {len(folders):,} images of {len(folders.classes):,} classes")
    labels = np.array([folders.label(number) for number in range(len(folders))])
    return LabelledImages(
        (folders[number][0] for number in range(len(folders))),
        np.where(labels[:, None] == np.arange(len(folders.classes)), 1, -1).astype(np.int8),
        folders.classes,
        class_splits(labels, folders.classes, train=train, test=test, splits=splits, seed=seed),
        "accuracy",
        accuracy,
    )


def mean_average_precision(scores: npt.NDArray[np.float32], labels: Labels) -> float:
    """Return the mean of VOC07's average precision over the classes that some image shows; 0 if there is none."""
    precisions = label_average_precision(scores, labels)
    return float(np.nanmean(precisions)) if not np.isnan(precisions).all() else 0.0
