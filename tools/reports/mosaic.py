"""A mosaic: the annotated pictures of a run side by side in one, to be looked at in one go."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from sppnet.data import write_whole

from .detections import drawn, jpeg

MOST = 100  # pictures
CELL = (320, 240)  # pixels that a picture fits into
GAP, GROUND = 4, (32, 32, 32)


def tile(image: npt.NDArray[np.uint8], record: dict[str, Any], classes: Sequence[str]) -> Image.Image:
    """Return an image made to fit into a cell, annotated at that size, so that captions can be read."""
    height, width = image.shape[:2]
    scale = min(CELL[0] / width, CELL[1] / height)
    size = max(1, round(scale * width)), max(1, round(scale * height))
    small = Image.fromarray(image).resize(size, Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.BICUBIC)
    return drawn(np.asarray(small), record, classes, scale=scale)


class Mosaic:
    """Keeps the first hundred tiles of a run and counts the rest.

    Attributes:
        count: How many there were.
    """

    def __init__(self) -> None:
        self.count = 0
        self._tiles: list[Image.Image] = []

    def add(self, picture: Image.Image) -> None:
        """Add what `tile` returned."""
        self.count += 1
        if len(self._tiles) < MOST:
            self._tiles.append(picture)

    def picture(self) -> Image.Image:
        """Return the tiles in rows, about as many as there are in one, from left to right in their order."""
        columns = max(1, math.ceil(math.sqrt(len(self._tiles))))
        rows = max(1, math.ceil(len(self._tiles) / columns))
        wide, high = (side + GAP for side in CELL)
        whole = Image.new("RGB", (columns * wide + GAP, rows * high + GAP), GROUND)
        for number, picture in enumerate(self._tiles):
            left, top = number % columns * wide + GAP, number // columns * high + GAP
            whole.paste(picture, (left + (CELL[0] - picture.width) // 2, top + (CELL[1] - picture.height) // 2))
        return whole

    def write(self, file: Path) -> str:
        """Write the picture as JPEG, and return a line about it."""
        write_whole(file, jpeg(self.picture()))
        left_out = f"; {self.count - MOST} are left out" if self.count > MOST else ""
        return f"{file} shows {min(self.count, MOST)} pictures{left_out}"
