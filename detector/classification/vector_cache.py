"""The vectors of many images on disk, so that each layer at each scale is computed once.

They are kept in blocks of images under a hash of the pixels: what an interrupted run has computed is there for the next
one, and another order or number of images costs no more than the blocks that differ. Half precision is enough: its
rounding is far below what an SVM can tell.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..files.cache import ArrayCache, content_key
from ..types import Floats, Image
from .representation import ImageFeatures

BLOCK = 64  # images in memory at a time


class VectorCache:
    """A folder with vectors of images, by features and layer."""

    value_bytes = 2  # on disk

    def __init__(self, folder: Path) -> None:
        self._arrays = ArrayCache(folder)
        self.folder = folder

    def fill(
        self,
        images: Iterable[Image],
        features: Sequence[ImageFeatures],
        *,
        progress: Callable[[str, int, int], None],
        total: int,
    ) -> list[str]:
        """Compute the vectors that are missing and return the names of the blocks, for `load`.

        Args:
            images: uint8 (H, W, 3) RGB each; read once, a block at a time.
            features: Those whose layers' vectors are computed of every image.
            progress: Called with ("vectors", images done, `total`).
            total: Number of all images.
        """
        names, done = [], 0
        for block in _in_blocks(images):
            names.append(content_key(*block))
            for one in features:
                self._fill_block(one, block, names[-1])
            done += len(block)
            progress("vectors", done, total)
        return names

    def load(self, features: ImageFeatures, layer: str, blocks: Sequence[str]) -> Floats:
        """Return the vectors of a layer, float32 (N, D), in the order of the images.

        Raises:
            InputError: If a file was damaged or removed since `fill`.
        """
        parts = [self._arrays.load(content_key(features.key(layer), block)) for block in blocks]
        if any(part is None for part in parts):
            raise InputError(f"{self.folder}: vectors were damaged or removed while they were in use; run again")
        return np.concatenate(parts, dtype=np.float32)  # type: ignore[arg-type]

    def _fill_block(self, features: ImageFeatures, block: Sequence[Image], name: str) -> None:
        keys = {layer: content_key(features.key(layer), name) for layer in features.layers}
        if all(self._arrays.load(key) is not None for key in keys.values()):
            return
        vectors = [features.vectors(image) for image in block]
        for layer, key in keys.items():
            self._arrays.save(key, np.stack([one[layer] for one in vectors]).astype(np.float16))


def _in_blocks(images: Iterable[Image]) -> Iterator[list[Image]]:
    iterator = iter(images)
    while block := list(islice(iterator, BLOCK)):
        yield block
