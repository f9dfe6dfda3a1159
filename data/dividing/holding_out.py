"""Some images of a data set held out of training, chosen by their content, so that copies stay together."""

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..dataset import DataSet, Target
from ..errors import DataError


class Subset(DataSet):
    """Some of a data set's images, given by number.

    Args:
        data: The whole data set.
        numbers: Which of its images, in this order.
        split: Name of the part. The default is the whole's.
    """

    def __init__(self, data: DataSet, numbers: Sequence[int], split: str | None = None) -> None:
        self.root, self.split, self.classes = data.root, split or data.split, data.classes
        self.dropped, self.problems, self.notes = data.dropped, data.problems, data.notes
        self.ids = [data.ids[number] for number in numbers]
        self.image_ids, self.category_ids = data.image_ids, data.category_ids
        self._data, self._numbers = data, list(numbers)

    def image_path(self, i: int) -> Path:
        """Return the file of image i."""
        return self._data.image_path(self._numbers[i])

    def told_size(self, i: int) -> tuple[float, float]:
        """Return width and height of image i as its annotation tells them, infinity for what it does not tell."""
        return self._data.told_size(self._numbers[i])

    def image(self, i: int) -> npt.NDArray[np.uint8]:
        """Return the pixels of image i, uint8 (H, W, 3); see the whole's."""
        return self._data.image(self._numbers[i])

    def target(self, i: int) -> Target:
        """Return the objects of image i; see the whole's."""
        return self._data.target(self._numbers[i])


def hold_out(
    data: DataSet, share: float, *, seed: int = 0, progress: Callable[[str, int, int], None] | None = None
) -> tuple[Subset, Subset]:
    """Return a data set in two parts, train and val, both in its order.

    Images are drawn by a hash of their files' bytes and the seed: their names and their order do not matter, files with
    the same bytes are in the same part, and few images change parts when others are added. Copies that were stored
    anew, with other bytes, are not seen to be such.

    Args:
        data: The whole data set.
        share: Of the images that are held out, between 0 and 1; at least one, and one file is left to train.
        seed: Decides which images are drawn.
        progress: Called with "contents", how many files have been read, and how many there are.

    Raises:
        DataError: If the share is no such number, a file cannot be read, or the images are not two different ones.
    """
    if not 0 < share < 1:
        raise DataError(f"the share held out must be between 0 and 1, got {share}")
    members: dict[bytes, list[int]] = {}
    for number in range(len(data)):
        members.setdefault(_content_hash(data.image_path(number), seed), []).append(number)
        if progress:
            progress("contents", number + 1, len(data))
    if len(members) < 2:
        raise DataError(f"{data.root}: dividing takes two images with different contents, there is {len(members)}")
    wanted = max(1, round(share * len(data)))
    held_out: set[int] = set()
    for _, numbers in sorted(members.items())[:-1]:
        if len(held_out) < wanted:
            held_out.update(numbers)
    train = [number for number in range(len(data)) if number not in held_out]
    return Subset(data, train, "train"), Subset(data, sorted(held_out), "val")


def _content_hash(file: Path, seed: int) -> bytes:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(
                stream, partial(hashlib.blake2b, digest_size=16, key=str(seed).encode())
            ).digest()
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror}") from error
