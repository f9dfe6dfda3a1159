"""Images without annotations, by number: those of a VOC split, or all in a folder and the folders inside it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .decoding.images import IMAGE_SUFFIXES, read_image
from .errors import DataError, ImageError, reasons
from .formats.voc.devkit import VOC, data_folder, image_folder
from .formats.voc.split_files import split_files, split_ids
from .listing import NamedFiles, files_below, folder_called


class Pictures:
    """The images of some folders; each is decoded when it is asked for, also from several threads.

    Args:
        roots: Folders as `VOC` takes them, or any folders with images inside.
        split: The split that is taken of every VOC folder. The default is train if there is one, else all images.
        strict: Raise at the first broken line of a split, and at the first image that cannot be read, when it is asked
            for. If False, all are read once, and what cannot be is left out and described in `problems`.

    Attributes:
        files: The file of each image.
        problems: What was left out, and why.

    Raises:
        DataError: If a folder holds no images or lacks the split, or (strict) an image of a split is missing.
    """

    def __init__(self, roots: Sequence[str | Path], split: str | None = None, *, strict: bool = True) -> None:
        self.problems: list[str] = []
        self._strict = strict
        self.files = [file for root in roots for file in self._found(Path(root), split)]
        if not strict:
            self.files = list(self._readable())
        if not self.files:
            folders = ", ".join(map(str, roots))
            raise DataError(f"{folders}: there are no images that can be read{reasons(self.problems)}")

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, number: int, /) -> npt.NDArray[np.uint8]:
        return read_image(self.files[number])

    def _found(self, root: Path, split: str | None) -> list[Path]:
        """Return the images of a folder."""
        if not root.is_dir():
            raise DataError(f"{root}: there is no such folder")
        if folder_called(root, "JPEGImages") or VOC.recognises(root):
            return self._of_split(data_folder(root), split)
        if split is not None:
            raise DataError(f"{root}: has no split {split!r}, it is no VOC folder")
        files = files_below(root, IMAGE_SUFFIXES)
        if not files:
            raise DataError(f"{root}: there are no images in it ({', '.join(IMAGE_SUFFIXES)})")
        return files

    def _of_split(self, root: Path, split: str | None) -> list[Path]:
        folder = image_folder(root)
        if split is None and "train" not in split_files(root):
            return files_below(folder, IMAGE_SUFFIXES)
        files = NamedFiles(folder, IMAGE_SUFFIXES)
        ids = split_ids(root, split or "train", files, self._report)
        return [files.paths.get(id_, folder / f"{id_}.jpg") for id_ in ids]

    def _report(self, problem: str, remedy: str) -> None:
        if self._strict:
            raise DataError(problem)
        self.problems.append(f"{problem}: {remedy}")

    def _readable(self) -> Iterator[Path]:
        for file in self.files:
            try:
                read_image(file)
            except ImageError as error:
                self.problems.append(f"{error}: left out")
            else:
                yield file
