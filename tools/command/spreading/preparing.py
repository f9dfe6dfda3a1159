"""Windows and maps of a training, computed on a cluster: they lie in the cache when an image comes."""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from copy import copy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from sppnet import detector
from sppnet.data import Item
from sppnet.proposals import ProposalError, write_whole

from ..inputs.items import Items
from .cluster import Cluster, on_ray

Files = dict[str, bytes]  # by path in the cache
FILE = "weights.safetensors"


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
    """A model that is not trained yet, on its way to where its layers are made anew.

    Attributes:
        model: Whatever its weights are here.
        weights: The tensors of its conv layers, as a weights file.
    """

    model: "detector.SPPNet"
    weights: bytes

    @classmethod
    def of(cls, model: "detector.SPPNet") -> "Fresh":
        """Return a model with its weights; others may have no file of them, and no network to download one."""
        names = ("preprocessing", "precision", "seed")
        settings = {name: getattr(model, name) for name in names}
        backbone = detector.load_backbone(model.backbone, model.weights, **settings)
        with TemporaryDirectory() as folder:
            file = Path(folder, FILE)
            detector.save_weights(file, backbone.layers, backbone.preprocessing, {}, half=False)
            return cls(model, file.read_bytes())

    def __call__(self) -> Callable[[Item | None], Files]:
        """Load the weights, and return what makes the files of an item."""
        model = copy(self.model)
        with TemporaryDirectory() as folder:
            model.weights = Path(folder, FILE)
            model.weights.write_bytes(self.weights)
            preparer = model.preparer()
        return partial(_files, preparer)


def _files(preparer: "detector.Preparer", item: Item | None) -> Files:
    """Return the files of an item; none of one that is not needed, or that the training will refuse by its number."""
    try:
        return {} if item is None else preparer.files(*item)
    except (detector.InputError, ProposalError):
        return {}
