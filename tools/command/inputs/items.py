"""The items of a data set that a command works on: an image, its objects, and its windows where a file has them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from sppnet import proposals
from sppnet.data import DataError, DataSet, Item

from ..console import say
from ..spreading.records import Records

Made = TypeVar("Made")


class Items:
    """The first images of a data set in order, each with its target; one that cannot be used ends it or is left out.

    Where a file of windows is given, a target holds those of its image, too: "windows", float32 (N, 4).

    Args:
        data: The data set that they are of.
        limit: How many images of the data set are taken, its first ones; None takes all.
        lenient: Whether images that cannot be read are left out, which is said, instead of raising.
        windows: A file of windows, as `proposals.read_windows` takes it; None for items without windows.
        order: Names of the images of a file of windows that has no names; by default those of the data set.
        records: What the shard that the run is has found so far; the images are those that it still lacks.
        lenient_windows: Whether a lenient run also leaves out images of which the file has no windows, or some that lie
            outside the image.

    Attributes:
        skipped: How many images were left out so far.

    Raises:
        ProposalError: If the file of windows cannot be used.
    """

    def __init__(
        self,
        data: DataSet,
        limit: int | None = None,
        *,
        lenient: bool = False,
        windows: Path | None = None,
        order: Sequence[str] | None = None,
        records: Records | None = None,
        lenient_windows: bool = False,
    ) -> None:
        self.skipped = 0
        self._data, self._file = data, windows
        self._left_out = (DataError,) * lenient + (proposals.ProposalError,) * (lenient and lenient_windows)
        self._count = min(len(data), limit or len(data))
        self._records = records
        self._left = self._count if records is None else records.left(self._count)
        self._order = order or data.ids
        self._windows = self._read_windows()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_windows": None}  # an open file

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._windows = self._read_windows()

    def _read_windows(self) -> Mapping[str, npt.NDArray[np.float32]] | None:
        return None if self._file is None else proposals.read_windows(self._file, self._order)

    def __len__(self) -> int:
        return self._left

    def __iter__(self) -> Iterator[Item]:
        return (item for _, item in self.numbered())

    def numbered(self) -> Iterator[tuple[int, Item]]:
        """Yield the number of every image in the data set, with the image and its target.

        Raises:
            DataError: If an image cannot be read and the run is not lenient.
            ProposalError: If the file has no windows of an image, or some that lie outside it.
        """
        return self.each((number, partial(self.item, number)) for number in self.numbers())

    def each(self, outcomes: Iterable[tuple[int, Callable[[], Made]]]) -> Iterator[tuple[int, Made]]:
        """Yield the number of every image with what is made of it, elsewhere, say; raises as `numbered` does.

        Args:
            outcomes: The number of an image, and what returns what was made of it, or raises as `item` does.
        """
        for number, result in outcomes:
            try:
                made = result()
            except self._left_out as error:
                self.skipped += 1
                say(f"skipped: {error}")
            else:
                yield number, made

    def numbers(self) -> Iterable[int]:
        """Return the numbers of all images, in order, also of those that cannot be used."""
        numbers = range(self._count)
        return numbers if self._records is None else self._records.remaining(numbers, self._data.ids.__getitem__)

    def item(self, number: int) -> Item:
        """Return an image and its target; raises as `numbered` does, lenient or not."""
        image, target = self._data[number]
        if self._windows is None:
            return image, target
        name = self._data.ids[number]
        if name not in self._windows:
            raise proposals.ProposalError(f"{self._file}: must have windows of image {name!r}, and has none")
        windows = self._windows[name]
        try:
            proposals.check_inside(windows, (image.shape[0], image.shape[1]))
        except proposals.ProposalError as error:
            raise proposals.ProposalError(f"{self._file}: image {name!r}, {error}") from None
        return image, {**target, "windows": windows}
