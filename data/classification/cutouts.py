"""The objects of a detection data set cut out of their images, with some of what is around them, for classification."""

import numpy as np
import numpy.typing as npt

from ..dataset import DataSet
from ..errors import DataError
from ..scoring.metrics import pair_overlaps

BACKGROUND = "background"
FREE_OVERLAP = 0.3  # a cut-out of the background overlaps every object by so much at most, as R-CNN's negatives do
LEAST_SHARE = 0.2  # a cut-out of the background has sides of at least this share of the image's
TRIES = 50  # so many places are drawn; if all overlap an object by more, the best of them is taken

Floats = npt.NDArray[np.float64]


class Cutouts:
    """The objects of a data set, each a picture of its own with one label; those marked difficult are left out.

    Args:
        data: The data set whose objects are cut out.
        enlargement: Factor of the sides of an object's box, around its centre; what leaves the image is cut off.
        background: Cut-outs without an object that every image adds; they are a class of their own, the last.
        seed: Decides where the cut-outs of the background lie.

    Raises:
        DataError: If there is nothing to cut out, or a class is called background already.
    """

    def __init__(self, data: DataSet, *, enlargement: float = 1.5, background: int = 0, seed: int = 0) -> None:
        if not 1 <= enlargement < np.inf or background < 0:
            raise DataError(
                f"enlargement must be 1 or more and background not negative, got {enlargement} and {background}"
            )
        if background and BACKGROUND in data.classes:
            raise DataError(
                f"{data.root}: has a class {BACKGROUND!r}, so cut-outs of the background cannot be called so"
            )
        self.data, self.enlargement, self.seed = data, enlargement, seed
        self.classes = (*data.classes, BACKGROUND) if background else data.classes
        self._places = [
            (image, number)  # of an object, or below 0 for the background
            for image in range(len(data))
            for number in (*np.flatnonzero(~data.target(image)["difficult"]).tolist(), *range(-background, 0))
        ]
        if not self._places:
            raise DataError(f"{data.root}: the images have no objects to cut out that are not marked difficult")

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, i: int) -> tuple[npt.NDArray[np.uint8], int]:
        image, number = self._places[i]
        pixels, boxes = self.data.image(image), self.data.target(image)["boxes"].astype(np.float64)
        if number >= 0:
            box = _enlarged(boxes[number], self.enlargement)
        else:
            box = _free_place(boxes, pixels.shape[:2], np.random.default_rng([self.seed, image, -number]))
        return _cut(pixels, box), self.label(i)

    def label(self, i: int) -> int:
        """Return the class of cut-out i without decoding its image."""
        image, number = self._places[i]
        return len(self.data.classes) if number < 0 else int(self.data.target(image)["labels"][number])


def _enlarged(box: Floats, factor: float) -> Floats:
    centre, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2 * factor
    return np.concatenate([centre - half, centre + half])


def _free_place(boxes: Floats, size: tuple[int, ...], random: np.random.Generator) -> Floats:
    """Return a box at random that overlaps every object by little, as far as there is one."""
    sides = np.array(size[::-1])
    lengths = random.uniform(LEAST_SHARE, 1, (TRIES, 2)) * sides
    corners = random.uniform(0, 1, (TRIES, 2)) * (sides - lengths)
    places = np.hstack([corners, corners + lengths])
    overlaps = pair_overlaps(places[:, None], boxes[None]).max(axis=1, initial=0)
    free = np.flatnonzero(overlaps <= FREE_OVERLAP)
    chosen: Floats = places[free[0] if len(free) else overlaps.argmin()]
    return chosen


def _cut(pixels: npt.NDArray[np.uint8], box: Floats) -> npt.NDArray[np.uint8]:
    """Return the pixels that a box touches, at least one."""
    height, width = pixels.shape[:2]
    left, top = (
        min(max(0, int(edge)), side - 1) for edge, side in zip(np.floor(box[:2]), (width, height), strict=True)
    )
    right, bottom = max(left + 1, int(np.ceil(box[2]))), max(top + 1, int(np.ceil(box[3])))
    return np.ascontiguousarray(pixels[top:bottom, left:right])
