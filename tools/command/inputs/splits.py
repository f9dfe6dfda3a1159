"""Which split of a data set a command works on, and in what format the data set is."""

import re
from collections.abc import Sequence
from pathlib import Path

import click

from sppnet.data import READERS, VOC_CLASSES, DataSet, open_data, splits

from ..console import say, warn

# What a split is called elsewhere, in the order in which it is taken.
OTHER_NAMES = {"val": ("valid", "validation", "test")}

format_option = click.option(
    "--format",
    "data_format",
    type=click.Choice(list(READERS)),
    help="Format of the data set.  [default: the one that its files are like]",
)


def open_split(
    root: Path,
    split: str | None,
    *,
    usual: str,
    classes: Sequence[str] | None = None,
    lenient: bool,
    data_format: str | None = None,
) -> DataSet:
    """Return a split of a data set, and say which one it is and what was left out of it.

    Args:
        root: The folder or file, as `open_data` takes it.
        split: The split wanted; None for the usual one, or for all annotated images if there is no such split.
        usual: Which split that is, such as "train" or "val"; train2017 is one, too, and for val so are valid and test.
        classes: Class names in label order. The default is those found.
        lenient: Whether what is broken is left out instead of raising.
        data_format: The format of the data set. The default is the one that recognises it.

    Raises:
        DataError: If there is no such folder or split, or what it holds breaks a rule.
    """
    if split is None:
        split = usual_split(splits(root, format=data_format), usual)
    data = open_data(root, split, classes=classes, strict=not lenient, format=data_format)
    say(f"{data.root}: {len(data):,} images, {f'the split {split}' if split else 'all that are annotated'}")
    strangers = [name for name in data.classes if name not in VOC_CLASSES]
    if classes is None and 0 < 2 * len(strangers) < len(data.classes):  # a slip of the pen would be one more class
        say(f"{len(data.classes)} classes found, not VOC's: {', '.join(strangers[:10])}")
    for note in data.notes:
        say(f"{data.root}: {note}")
    warn(data.problems)
    return data


def validation_split(root: Path, data_format: str | None = None) -> str | None:
    """Return the split of a data set that is for choosing and scoring models, None if it has none; test is not.

    Raises:
        DataError: If no reader knows the data set, or several do.
    """
    known = splits(root, format=data_format)
    return usual_split([name for name in known if not name.startswith("test")], "val")


def usual_split(known: Sequence[str], usual: str) -> str | None:
    """Return the split that is meant where none is named, or None if there is none of its names."""
    names = [usual, *OTHER_NAMES.get(usual, ())]
    fitting = (split for name in names for split in known if re.fullmatch(rf"{re.escape(name)}[-_]?\d*", split))
    return next(fitting, None) if usual else None
