"""Windows and maps of a training, computed on a cluster: they lie in the cache when an image comes."""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sppnet import detector
from sppnet.data import Item
from sppnet.proposals import ProposalError, write_whole

from ..inputs.items import Items
from .cluster import Cluster, on_ray

NAMED = ("imagenet", "random")  # weights that every machine has
Files = dict[str, bytes]  # by path in the cache


class Prepared:
    """The items of a training as they are, each when the cache has what a cluster has made of it.

    Args:
        items: With windows, or without.
        model: What will be trained; its weights go to every worker.
        folder: The cache.
        address: Of the cluster, as `Cluster` takes it.
    """

    def __init__(self, items: Items, model: "detector.SPPNet", folder: Path, address: str) -> None:
        self._items, self._folder = items, folder
        self._preparer = model.preparer()
        self._cluster = Cluster(address, Fresh.of(model), self._sent, gpu=model.device != "cpu")

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Item]:
        waiting: deque[Item] = deque()

        def drawn() -> Iterator[tuple[int, Item]]:
            for number, item in self._items.numbered():
                waiting.append(item)
                yield number, item

        results: Generator[Files, None, None] = on_ray(self._cluster, drawn())
        with closing(results):
            for files in results:
                for path, content in files.items():
                    write_whole(self._folder / path, content, sync=False)  # cut short, it is a damaged one
                yield waiting.popleft()

    def _sent(self, numbered: tuple[int, Item]) -> Item | None:
        """Return what is sent of an item: nothing where the cache has its files, or where training will refuse it."""
        _, (image, target) = numbered
        try:
            return None if self._preparer.has(self._folder, image, target) else (image, target)
        except (detector.InputError, ProposalError):
            return None


@dataclass(frozen=True)
class Fresh:
    """A model that is not trained yet, on its way to where its weights are loaded.

    Attributes:
        model: With the path of its weights, or their name.
        weights: What is in that file, or in the files of that folder; nothing where they have a name.
    """

    model: "detector.SPPNet"
    weights: bytes | Files

    @classmethod
    def of(cls, model: "detector.SPPNet") -> "Fresh":
        """Return a model with its weights."""
        path = Path(model.weights)
        if model.weights in NAMED:
            return cls(model, b"")
        if path.is_dir():
            return cls(model, {file.name: file.read_bytes() for file in path.iterdir() if file.is_file()})
        return cls(model, path.read_bytes() if path.is_file() else b"")

    def __call__(self) -> Callable[[Any], Files]:
        """Load the weights, and return what makes the files of an item."""
        with TemporaryDirectory() as folder:
            model, place = copy(self.model), Path(folder, Path(self.model.weights).name)
            if isinstance(self.weights, dict):
                place.mkdir()
                for name, content in self.weights.items():
                    (place / name).write_bytes(content)
            elif self.weights:
                place.write_bytes(self.weights)
            if self.weights:
                model.weights = place
            preparer = model.preparer()
        return lambda item: {} if item is None else preparer.files(*item)
