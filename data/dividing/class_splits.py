"""Random splits with so many images of each class, as for Caltech101 (Fei-Fei et al. 2004): 30 to train, 50 to test."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..errors import DataError

Integers = npt.NDArray[np.int64]


def class_splits(
    labels: npt.ArrayLike, classes: Sequence[str], *, train: int = 30, test: int = 50, splits: int = 10, seed: int = 0
) -> list[tuple[Integers, Integers]]:
    """Return the numbers of the images to train and to test with, for each split, in ascending order.

    Args:
        labels: Integers (N,), the class of every image, counted from 0.
        classes: Names of the classes in label order.
        train: How many images of each class to train with.
        test: How many images of each class to test with; a class that has fewer left gives what it has.
        splits: How many splits to draw.
        seed: Decides which images are drawn.

    Raises:
        DataError: If a class has not even one image left to test with, or a number is below 1.
    """
    if min(train, test, splits) < 1:
        raise DataError(f"there must be images to train and to test with and splits, got {train}, {test} and {splits}")
    members = [np.flatnonzero(np.asarray(labels) == label) for label in range(len(classes))]
    for name, images in zip(classes, members, strict=True):
        if len(images) <= train:
            raise DataError(f"class {name!r}: {len(images)} images, but {train} to train with leave none to test with")
    random = np.random.default_rng(seed)
    return [_split([random.permutation(images) for images in members], train, test) for _ in range(splits)]


def _split(members: Sequence[Integers], train: int, test: int) -> tuple[Integers, Integers]:
    learned = np.concatenate([images[:train] for images in members])
    tested = np.concatenate([images[train : train + test] for images in members])
    return np.sort(learned), np.sort(tested)
