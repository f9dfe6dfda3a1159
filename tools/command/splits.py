"""Which images of a VOC folder a command works on."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sppnet.data import VOC, VOC_CLASSES, DataError

from .console import say, warn


def open_split(
    root: Path, split: str | None, *, usual: str, classes: Sequence[str] | None = None, lenient: bool
) -> VOC:
    """Return a split of a VOC folder, and say which one it is and what was left out of it.

    Args:
        root: The folder, as `data.VOC` takes it.
        split: The split wanted; None for the usual one, or for all annotated images if there is no such split.
        usual: "train" or "val".
        classes: Those wanted. The default is those found.
        lenient: Leave out what is broken.

    Raises:
        DataError: If there is no such folder or split, or what it holds breaks a rule.
    """
    if split is None and usual in VOC.splits(root):
        split = usual
    voc = VOC(root, split=split, classes=classes, strict=not lenient)
    say(f"{voc.root}: {len(voc):,} images, {f'the split {split}' if split else 'all that are annotated'}")
    strangers = [name for name in voc.classes if name not in VOC_CLASSES]
    if classes is None and 0 < 2 * len(strangers) < len(voc.classes):  # a slip of the pen would be one more class
        say(f"{len(voc.classes)} classes found, not VOC's: {', '.join(strangers[:10])}")
    warn(voc.problems)
    return voc


def windows_from(file: Path, images: "ReadableImages") -> Iterator[npt.NDArray[np.float32]]:
    """Return the windows that a file has of each image as it is read; each is to be asked for after its image.

    It must have windows of all images that can be read, also in a lenient run.

    Raises:
        ProposalError: If the file cannot be used; later, if it has no windows of an image, or some that lie outside it.
    """
    from sppnet.proposals import read_windows

    stored = read_windows(file, images.voc.ids)

    def in_turn() -> Iterator[npt.NDArray[np.float32]]:
        for number in count():
            if number == len(images.numbers):
                return
            yield stored_windows(stored, file, images.voc.ids[images.numbers[number]], images.size)

    return in_turn()


def stored_windows(
    stored: Mapping[str, npt.NDArray[np.float32]], file: Path, name: str, size: tuple[int, int]
) -> npt.NDArray[np.float32]:
    """Return the windows that a file has of an image of this height and width.

    Raises:
        ProposalError: If it has none, or some that lie outside the image.
    """
    from sppnet.proposals import ProposalError, check_inside

    if name not in stored:
        raise ProposalError(f"{file}: must have windows of image {name!r}, and has none")
    windows = stored[name]
    try:
        check_inside(windows, size)
    except ProposalError as error:
        raise ProposalError(f"{file}: image {name!r}, {error}") from None
    return windows


class ReadableImages:
    """The first images of a data set, each with its target; one that cannot be read ends it or is left out.

    Attributes:
        numbers: Of the images that were read.
        skipped: How many could not be.
        size: Height and width of the last one that was read.
    """

    def __init__(self, voc: VOC, limit: int | None = None) -> None:
        self.voc = voc
        self.numbers: list[int] = []
        self.skipped = 0
        self.size = (0, 0)
        self._count = min(len(voc), limit or len(voc))

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[tuple[npt.NDArray[np.uint8], dict[str, npt.NDArray[Any]]]]:
        for number in range(self._count):
            try:
                image = self.voc.image(number)
            except DataError as error:
                if self.voc.strict:
                    raise
                self.skipped += 1
                say(f"skipped: {error}")
            else:
                self.numbers.append(number)
                self.size = (image.shape[0], image.shape[1])
                yield image, self.voc.target(number)
