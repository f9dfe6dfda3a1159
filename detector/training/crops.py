"""Random crops of images for the training of conv layers, read ahead of the steps that learn from them.

Objects of every size occur in a detector's maps, so images are resized to random short sides before they are cut. What
a step gets follows from the seed and its number alone, so that a training may stop and go on.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt
import torch

from ..backbone.preprocessing import Preprocessing

Image = npt.NDArray[np.uint8]
STEPS_AHEAD = 4


class Images(Protocol):
    """Images by number, uint8 (H, W, 3) RGB; they are asked for from several threads."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int, /) -> Image: ...


@dataclass(frozen=True)
class Crops:
    """Batches of crops by the number of the step; all crops of a batch have one size, which alternates.

    Attributes:
        images: Where from.
        numbers: Of the images that are used; in every round each is seen once, in a new order.
        preprocessing: Of the backbone that sees the crops.
        batch: Crops in a batch.
        sizes: Sides of the crops in pixels.
        scales: The lowest and the highest short side in pixels that an image is resized to; never less than the crop.
        flips: Whether crops are mirrored at random.
        seed: Of everything random.
    """

    images: Images
    numbers: npt.NDArray[np.int64]
    preprocessing: Preprocessing
    batch: int
    sizes: tuple[int, ...]
    scales: tuple[int, int]
    flips: bool
    seed: int

    def ahead(self, first: int, last: int, workers: int) -> Iterator[torch.Tensor]:
        """Yield the batches of some steps, float32 (B, 3, S, S), read by so many threads while others are used."""
        with ThreadPoolExecutor(workers) as pool:
            waiting: deque[list[Future[torch.Tensor]]] = deque()
            try:
                for step in range(first, last + STEPS_AHEAD):
                    if step < last:
                        waiting.append([pool.submit(self.crop, step, place) for place in range(self.batch)])
                    if step >= first + STEPS_AHEAD - 1 and waiting:
                        yield torch.cat([crop.result() for crop in waiting.popleft()])
            finally:
                pool.shutdown(cancel_futures=True)

    def crop(self, step: int, place: int) -> torch.Tensor:
        """Return the crop at a place of a step's batch, float32 (1, 3, S, S)."""
        taken = step * self.batch + place
        turn, index = divmod(taken, len(self.numbers))
        number = self.numbers[_order(len(self.numbers), self.seed, turn)[index]]
        random = np.random.default_rng([self.seed, step, place])
        size = self.sizes[step % len(self.sizes)]
        scale = int(random.integers(self.scales[0], self.scales[1] + 1))
        crop = cut(self.images[int(number)], max(scale, size), size, random.random(2))
        mirrored = self.flips and random.integers(2)
        return self.preprocessing(np.ascontiguousarray(crop[:, ::-1]) if mirrored else crop)


def cut(image: Image, scale: int, size: int, place: npt.NDArray[np.float64]) -> Image:
    """Return a square of the image resized so that its short side is `scale`; only that square is resized.

    Args:
        image: uint8 (H, W, 3).
        scale: Short side in pixels, at least `size`.
        size: Of the square in pixels.
        place: Of its left upper corner, x and y, each from 0, at the left or upper edge, to 1, at the other.
    """
    height, width = image.shape[:2]
    side = min(height, width) * size / scale  # of the square in the image, and where it starts
    left, top = (place * [width - side, height - side]).tolist()
    columns, rows = (slice(int(start), max(int(start) + 1, round(start + side))) for start in (left, top))
    return np.asarray(cv2.resize(image[rows, columns], (size, size), interpolation=cv2.INTER_LINEAR), np.uint8)


@lru_cache(maxsize=2)
def _order(count: int, seed: int, turn: int) -> npt.NDArray[np.int64]:
    return np.random.default_rng([seed, turn]).permutation(count)
