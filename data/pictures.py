"""Images without annotations, by number: those of a VOC split, or all in a folder and the folders inside it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .errors import DataError, ImageError
from .images import IMAGE_SUFFIXES, read_image
from .voc import VOC, data_folder, split_ids


class Pictures:
    """The images of some folders; each is decoded when it is asked for, also from several threads.

    Args:
        roots: Folders as `VOC` takes them, or any folders with images inside.
        split: The split that is taken of every VOC folder. The default is train if there is one, else all images.
        strict: Raise at the first image that cannot be read, when it is asked for. If False, all are read once, and
            those that cannot be are left out and described in `problems`.

    Attributes:
        files: The file of each image.
        problems: What was left out, and why.

    Raises:
        DataError: If a folder holds no images or lacks the split, or (strict) an image of a split is missing.
    """

    def __init__(self, roots: Sequence[str | Path], split: str | None = None, *, strict: bool = True) -> None:
        self.problems: list[str] = []
        self.files = [file for root in roots for file in _files(Path(root), split)]
        if not strict:
            self.files = list(self._readable())
        if not self.files:
            raise DataError(f"{', '.join(map(str, roots))}: there are no images that can be read")

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, number: int, /) -> npt.NDArray[np.uint8]:
        return read_image(self.files[number])

    def _readable(self) -> Iterator[Path]:
        for file in self.files:
            try:
                read_image(file)
            except ImageError as error:
                self.problems.append(f"{error}: left out")
            else:
                yield file


def _files(root: Path, split: str | None) -> list[Path]:
    if not root.is_dir():
        raise DataError(f"{root}: there is no such folder")
    if any((folder / "JPEGImages").is_dir() for folder in (root, *root.glob("VOC[0-9]*"))):
        return _files_of_split(data_folder(root), split)
    if split is not None:
        raise DataError(f"{root}: has no split {split!r}, it is no VOC folder")
    files = [file for file in sorted(root.rglob("*")) if _is_picture(file)]
    if not files:
        raise DataError(f"{root}: there are no images in it ({', '.join(IMAGE_SUFFIXES)})")
    return files


def _is_picture(file: Path) -> bool:
    """Return whether a file is named as an image and is not hidden, as what macOS leaves beside images is."""
    return file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith(".") and file.is_file()


def _files_of_split(root: Path, split: str | None) -> list[Path]:
    files = {file.stem: file for file in sorted((root / "JPEGImages").iterdir()) if _is_picture(file)}
    if split is None and "train" not in VOC.splits(root):
        return list(files.values())
    ids = split_ids(root / "ImageSets" / "Main", split or "train")
    return [files.get(id_, root / "JPEGImages" / f"{id_}.jpg") for id_ in ids]
