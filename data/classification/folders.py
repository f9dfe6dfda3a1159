"""Images for classification in folders named after their classes, the layout of ImageNet and Caltech-101."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..decoding.images import IMAGE_SUFFIXES, read_image
from ..errors import DataError, DataWarning
from ..listing import files_below, is_hidden, normal


class ClassFolders:
    """The images `<root>/<class>/*.jpg` (png, ...), each with the number of its class, sorted by class and name.

    Files right in the root, hidden ones and folders inside class folders are passed over; where the latter hold images,
    a DataWarning says so.

    Args:
        root: A folder that holds a folder of images for each class.
        classes: Names in label order; a class may have no folder then. The default is the folders' names, sorted.

    Raises:
        DataError: If there is no such folder, no class folder, one without images, or one that is none of `classes`.
    """

    def __init__(self, root: str | Path, *, classes: Sequence[str] | None = None) -> None:
        self.root = Path(root)
        if not self.root.is_dir():
            raise DataError(f"{root}: there is no such folder")
        folders = sorted(path for path in self.root.iterdir() if path.is_dir() and not is_hidden(path))
        if not folders:
            raise DataError(f"{root}: must hold a folder of images for each class, and holds no folder")
        self.classes = tuple(map(normal, classes or (folder.name for folder in folders)))
        labels = [self._label(folder) for folder in folders]
        self._examples = [
            (file, label) for folder, label in zip(folders, labels, strict=True) for file in _images(folder)
        ]

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, i: int) -> tuple[npt.NDArray[np.uint8], int]:
        return read_image(self.image_path(i)), self.label(i)

    def image_path(self, i: int) -> Path:
        """Return the file of image i."""
        return self._examples[i][0]

    def label(self, i: int) -> int:
        """Return the class of image i without decoding it."""
        return self._examples[i][1]

    def _label(self, folder: Path) -> int:
        if normal(folder.name) not in self.classes:
            raise DataError(f"{folder}: unknown class, the classes are {', '.join(self.classes)}")
        return self.classes.index(normal(folder.name))


def _images(folder: Path) -> list[Path]:
    below = files_below(folder, IMAGE_SUFFIXES)
    found = [file for file in below if file.parent == folder]
    deeper = len(below) - len(found)
    if not found:
        where = f"those in folders inside it ({deeper})" if deeper else "none"
        raise DataError(f"{folder}: must hold images ({', '.join(IMAGE_SUFFIXES)}), and holds {where}")
    if deeper:
        warnings.warn(f"{folder}: the images in folders inside it are left out ({deeper})", DataWarning, stacklevel=3)
    return found
