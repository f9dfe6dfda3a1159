"""Which split of a data set a command works on."""

from collections.abc import Sequence
from pathlib import Path

from sppnet.data import VOC_CLASSES, DataSet, open_data, splits

from .console import say, warn


def open_split(
    root: Path, split: str | None, *, usual: str, classes: Sequence[str] | None = None, lenient: bool
) -> DataSet:
    """Return a split of a data set, and say which one it is and what was left out of it.

    Args:
        root: The folder, as `open_data` takes it.
        split: The split wanted; None for the usual one, or for all annotated images if there is no such split.
        usual: Which split that is, such as "train" or "val".
        classes: Class names in label order. The default is those found.
        lenient: Whether what is broken is left out instead of raising.

    Raises:
        DataError: If there is no such folder or split, or what it holds breaks a rule.
    """
    if split is None and usual in splits(root):
        split = usual
    data = open_data(root, split, classes=classes, strict=not lenient)
    say(f"{data.root}: {len(data):,} images, {f'the split {split}' if split else 'all that are annotated'}")
    strangers = [name for name in data.classes if name not in VOC_CLASSES]
    if classes is None and 0 < 2 * len(strangers) < len(data.classes):  # a slip of the pen would be one more class
        say(f"{len(data.classes)} classes found, not VOC's: {', '.join(strangers[:10])}")
    warn(data.problems)
    return data
