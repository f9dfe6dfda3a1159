"""Images that were looked at, kept for the questions that follow: the last few, under names that nobody can guess."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .refusals import RefusedError

MOST, MOST_PIXELS = 8, 64_000_000


@dataclass(frozen=True)
class Look:
    """An image, and what a model saw in it.

    Attributes:
        name: What the person calls the image.
        image: uint8 (H, W, 3).
        model: Name of the model.
        seen: What the model's explainer keeps of it: detections, windows, maps.
        milliseconds: By stage, reading included.
        warnings: What was wrong with the file.
    """

    name: str
    image: npt.NDArray[np.uint8]
    model: str
    seen: Any
    milliseconds: dict[str, float]
    warnings: list[str]


class Looks:
    """The looks that were asked for last, as many as fit: at least one, whatever its size.

    Args:
        most: How many at most.
        most_pixels: Of all of them together.
    """

    def __init__(self, most: int = MOST, most_pixels: int = MOST_PIXELS) -> None:
        self._most, self._most_pixels = most, most_pixels
        self._looks: OrderedDict[str, Look] = OrderedDict()

    def __len__(self) -> int:
        return len(self._looks)

    def add(self, look: Look) -> str:
        """Keep a look, and return its id."""
        id_ = secrets.token_urlsafe(12)
        self._looks[id_] = look
        while len(self) > self._most or (len(self) > 1 and self._pixels() > self._most_pixels):
            self._looks.popitem(last=False)
        return id_

    def __getitem__(self, id_: str) -> Look:
        """Return a look, which is the last one then to be forgotten.

        Raises:
            RefusedError: With 404, if there is none of this id, or it was forgotten.
        """
        if id_ not in self._looks:
            raise RefusedError(404, "this image is not kept any more; send it again")
        self._looks.move_to_end(id_)
        return self._looks[id_]

    def _pixels(self) -> int:
        return sum(look.image.shape[0] * look.image.shape[1] for look in self._looks.values())
