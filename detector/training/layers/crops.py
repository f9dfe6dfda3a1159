"""Random crops of images for the training of conv layers, read ahead of the steps that learn from them.

Objects of every size occur in a detector's maps, so images are resized to random short sides before they are cut. What
a step gets follows from the seed and its number alone, so that a training may stop and go on.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt
import torch

from ...backbone.preprocessing import Preprocessing
from ...types import Image
from .loop import read_ahead


class Images(Protocol):
    """Images by number, uint8 (H, W, 3) RGB; they are asked for from several threads."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int, /) -> Image: ...


@dataclass(frozen=True)
class Crops:
    """Batches of crops by the number of the step; all crops of a batch have one size, which alternates.

    Attributes:
        images: Those that crops are cut out of.
        numbers: Numbers of the images that are used; in every round each is seen once, in a new order.
        preprocessing: What the backbone that sees the crops expects.
        batch: Crops in a batch.
        sizes: Sides of the crops in pixels.
        scales: The lowest and the highest short side in pixels that an image is resized to; never less than the crop.
        flips: Whether crops are mirrored at random.
        seed: All that is random follows from it and the number of the step.
    """

    images: Images
    numbers: npt.NDArray[np.int64]
    preprocessing: Preprocessing
    batch: int
    sizes: tuple[int, ...]
    scales: tuple[int, int]
    flips: bool
    seed: int

    def ahead(self, first: int, last: int, workers: int) -> Generator[torch.Tensor, None, None]:
        """Yield the batches of some steps, which threads read while earlier ones are used.

        Args:
            first: Number of the first step.
            last: Number after that of the last step.
            workers: Threads.

        Yields:
            float32 (B, 3, S, S) as the backbone expects it, on the CPU.
        """
        for crops in read_ahead(self.readers, first, last, workers=workers):
            yield torch.cat(crops)

    def readers(self, step: int) -> list[Callable[[], torch.Tensor]]:
        """Return what reads the crops of a step's batch."""
        return [partial(self.crop, step, place) for place in range(self.batch)]

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
        return torch.from_numpy(self.preprocessing(np.ascontiguousarray(crop[:, ::-1]) if mirrored else crop))


def cut(image: Image, scale: int, size: int, place: npt.NDArray[np.float64]) -> Image:
    """Return a square of the image resized so that its short side is `scale`; only that square is resized.

    Args:
        image: uint8 (H, W, 3).
        scale: Short side of the resized image in pixels, at least `size`.
        size: Side of the square in pixels.
        place: float64 (2,), x and y of the square: 0 is at the left or upper edge of the image, 1 at the other.

    Returns:
        uint8 (size, size, 3).
    """
    height, width = image.shape[:2]
    side = min(height, width) * size / scale  # of the square in the image, and where it starts
    left, top = (place * [width - side, height - side]).tolist()
    columns, rows = (slice(int(start), max(int(start) + 1, round(start + side))) for start in (left, top))
    return np.asarray(cv2.resize(image[rows, columns], (size, size), interpolation=cv2.INTER_LINEAR), np.uint8)


@lru_cache(maxsize=2)
def _order(count: int, seed: int, turn: int) -> npt.NDArray[np.int64]:
    return np.random.default_rng([seed, turn]).permutation(count)
