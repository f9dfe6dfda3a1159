"""The items of a data set that a command works on: an image, its objects, and its windows where a file has them."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from sppnet import proposals
from sppnet.data import DataError, DataSet, Item

from ..console import say
from ..spreading.records import Records


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
        self._windows = None if windows is None else proposals.read_windows(windows, order or data.ids)

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
        for number in self._numbers():
            try:
                item = self._item(number)
            except self._left_out as error:
                self.skipped += 1
                say(f"skipped: {error}")
            else:
                yield number, item

    def _numbers(self) -> Iterable[int]:
        numbers = range(self._count)
        return numbers if self._records is None else self._records.remaining(numbers, self._data.ids.__getitem__)

    def _item(self, number: int) -> Item:
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
