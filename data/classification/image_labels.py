"""Which classes an image shows: the classification task of Pascal VOC (Everingham et al. 2010, section 2.1)."""

import numpy as np
import numpy.typing as npt

from ..dataset import DataSet


class ImageLabels:
    """The images of a data set, each with a label for every class.

    Labels are int8 (K,), the devkit's: +1 where an object of the class is seen, -1 where none is, and 0 where all that
    are seen are marked difficult; such an image is neither example nor counter-example of the class.
    """

    def __init__(self, data: DataSet) -> None:
        self.data = data
        self.classes = data.classes

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, i: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int8]]:
        return self.data.image(i), self.label(i)

    def label(self, i: int) -> npt.NDArray[np.int8]:
        """Return the labels of image i without decoding it."""
        target = self.data.target(i)
        labels = np.full(len(self.classes), -1, np.int8)
        labels[target["labels"]] = 0
        labels[target["labels"][~target["difficult"]]] = 1
        return labels
