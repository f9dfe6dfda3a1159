"""What a data set holds: objects by class, by size and by image, and which classes come together."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .dataset import DataSet
from .decoding.image_sizes import image_size
from .scoring.recall import OBJECT_SIZES

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

QUARTILES = (0.25, 0.5, 0.75)


class Statistics(NamedTuple):
    """The objects of a data set, M of K classes in N images."""

    classes: tuple[str, ...]
    labels: Integers  # (M,)
    difficult: npt.NDArray[np.bool_]  # (M,)
    sides: Floats  # (M, 2) width and height in pixels
    shares: Floats  # (M,) square root of an object's share of its image's area
    per_image: Integers  # (N,) objects of each image
    together: Integers  # (K, K) images that show both classes; on the diagonal, those that show the class

    def summary(self) -> dict[str, Any]:
        """Return the figures, ready for JSON; None for the quartiles of nothing."""
        shown = list(enumerate(self.classes))
        return {
            "images": len(self.per_image),
            "objects": len(self.labels),
            "difficult": int(self.difficult.sum()),
            "images_without_objects": int((self.per_image == 0).sum()),
            "objects_per_image": {
                str(number): int(count) for number, count in enumerate(np.bincount(self.per_image)) if count
            },
            "all": self._figures(np.ones(len(self.labels), np.bool_)),
            "classes": {
                name: {"images": int(self.together[label, label]), **self._figures(self.labels == label)}
                for label, name in shown
            },
            "co_occurrence": {
                name: {
                    other: int(self.together[label, column])
                    for column, other in shown
                    if column != label and self.together[label, column]
                }
                for label, name in shown
            },
        }

    def _figures(self, rows: npt.NDArray[np.bool_]) -> dict[str, Any]:
        sides, areas = self.sides[rows], self.sides[rows].prod(axis=1)
        return {
            "objects": int(rows.sum()),
            "difficult": int(self.difficult[rows].sum()),
            **{size: int(((areas >= least) & (areas < limit)).sum()) for size, (least, limit) in OBJECT_SIZES.items()},
            "side": _quartiles(np.sqrt(areas)),
            "share_of_image": _quartiles(self.shares[rows]),
            "aspect": _quartiles(sides[:, 0] / sides[:, 1]),
        }


def statistics(data: DataSet) -> Statistics:
    """Return what a data set holds; sizes that the annotations do not tell are read from the images' headers.

    Raises:
        ImageError: If such an image cannot be read.
    """
    count = len(data.classes)
    together = np.zeros((count, count), np.int64)
    targets, areas = [], []
    for number in range(len(data)):
        target = data.target(number)
        width, height = data.told_size(number)
        if not np.isfinite(width * height):
            width, height = image_size(data.image_path(number))
        targets.append({name: target[name] for name in ("boxes", "labels", "difficult")})
        areas.append(np.full(len(target["labels"]), width * height, np.float64))
        present = np.unique(target["labels"])
        together[np.ix_(present, present)] += 1
    boxes = np.concatenate([target["boxes"] for target in targets]).astype(np.float64)
    sides = boxes[:, 2:] - boxes[:, :2]
    return Statistics(
        tuple(data.classes),
        np.concatenate([target["labels"] for target in targets]),
        np.concatenate([target["difficult"] for target in targets]),
        sides,
        np.sqrt(sides.prod(axis=1) / np.concatenate(areas)),
        np.array([len(target["labels"]) for target in targets], np.int64),
        together,
    )


def _quartiles(values: Floats) -> list[float] | None:
    return np.quantile(values, QUARTILES).tolist() if len(values) else None
