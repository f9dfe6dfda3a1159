"""Which images with labels a command works on: class folders, or an annotated data set's images or objects."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import click
import numpy as np
import numpy.typing as npt

from sppnet.data import BACKGROUND, ClassFolders, Cutouts, DataError, ImageLabels

from ..console import FiniteRange, say
from ..options.together import Command, together
from .splits import format_option, open_split

# The options that say which part of the data is used, and how objects are cut out.
cutting_options = together(
    click.option("--limit", type=click.IntRange(1), help="Only so many images, evenly spread over all."),
    click.option(
        "--context",
        type=FiniteRange(1),
        default=1.5,
        help="Of objects: how much larger than its box an object is cut out.",
    ),
    click.option(
        "--background",
        type=click.IntRange(0),
        default=0,
        help="Of objects: cut-outs beside the objects that every image adds as one more class.",
    ),
    format_option,
)


def labels_option(default: str | None) -> Callable[[Command], Command]:
    """Return the option that says what is labelled."""
    return click.option(
        "--labels",
        type=click.Choice(["folders", "image", "objects"]),
        default=default,
        help="What is labelled: images in folders named after their classes; a data set's images, with all classes "
        "that they show; or its objects, cut out."
        + ("" if default else "  [default: what the model has been trained on]"),
    )


class Labelled(Protocol):
    """Images with labels, by number."""

    classes: Any

    def __len__(self) -> int: ...

    def __getitem__(self, i: int, /) -> tuple[npt.NDArray[np.uint8], Any]: ...

    def label(self, i: int, /) -> Any:
        """Return the label of image i without reading it."""


class Part:
    """Some of a data set's images, given by number."""

    def __init__(self, whole: Labelled, numbers: Sequence[int]) -> None:
        self.whole, self.numbers, self.classes = whole, numbers, whole.classes

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, i: int) -> tuple[npt.NDArray[np.uint8], Any]:
        return self.whole[self.numbers[i]]

    def label(self, i: int) -> Any:
        """Return the label of image i without reading it."""
        return self.whole.label(self.numbers[i])


def open_labelled(
    root: Path,
    labels: str,
    split: str | None,
    *,
    usual: str,
    limit: int | None,
    context: float,
    background: int,
    lenient: bool,
    seed: int = 0,
    classes: Sequence[str] | None = None,
    data_format: str | None = None,
) -> tuple[Labelled, bool]:
    """Return images with labels, and whether any were left out; which ones they are is said.

    Args:
        root: The folder of images, or of the data set.
        labels: folders, image or objects.
        split: Split of the data set; None for the usual one.
        usual: Which split that is, "train" or "val"; all images if there is no such split.
        limit: How many images, or objects, are taken at most, evenly spread over all.
        context: How many times as wide and as high as its box an object is cut out.
        background: How many cut-outs beside the objects every image adds.
        lenient: Whether what is broken is left out instead of raising.
        seed: Decides where the background is cut out.
        classes: Class names in label order. The default is those found.
        data_format: The format of the data set. The default is the one that recognises it.

    Raises:
        click.UsageError: If options are for other labels.
        DataError: If the folder is no such data set, or something is broken.
    """
    if labels == "folders" and (split is not None or data_format is not None):
        option = "--format" if split is None else "--split"
        raise click.UsageError(f"{option} is for annotated data sets: of class folders name the one to use with --data")
    if labels != "objects" and background:
        raise click.UsageError("--background is for --labels objects")
    found: Labelled
    if labels == "folders":
        found, left_out = ClassFolders(root, classes=classes), False
    else:
        if classes is not None and labels == "objects":  # the background is no class of the annotations
            classes = [name for name in classes if name != BACKGROUND]
        data = open_split(root, split, usual=usual, classes=classes, lenient=lenient, data_format=data_format)
        cutouts = labels == "objects"
        found = Cutouts(data, enlargement=context, background=background, seed=seed) if cutouts else ImageLabels(data)
        left_out = bool(data.problems)
    if limit is not None and limit < len(found):
        found = Part(found, np.linspace(0, len(found) - 1, limit).astype(int).tolist())
    say(f"{root}: {len(found):,} {'objects' if labels == 'objects' else 'images'} of {len(found.classes)} classes")
    if not lenient:
        return found, False
    readable = _readable(found)
    return readable, left_out or len(readable) < len(found)


def _readable(images: Labelled) -> Part:
    """Return the images that can be read, and say which cannot."""
    numbers = []
    for number in range(len(images)):
        try:
            images[number]
        except DataError as error:
            say(f"skipped: {error}")
        else:
            numbers.append(number)
    if not numbers:
        raise DataError("none of the images can be read")
    return Part(images, numbers)
