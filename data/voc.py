"""Pascal VOC data sets (Everingham et al. 2010): the devkit's folders, or any folder laid out like one.

`JPEGImages/<id>.<jpg, png, ...>`, `Annotations/<id>.xml` and, if there, `ImageSets/Main/<split>.txt`. Files are found
by their id alone: what an annotation says about file names and folders is never used as a path.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .annotations import Annotation, check_picture, read_annotation
from .dataset import DataSet, Target
from .errors import DataError
from .images import IMAGE_SUFFIXES, read_image

VOC_CLASSES = (
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog",
    "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip


class VOC(DataSet):
    """A data set in the layout of Pascal VOC.

    Annotations are read and checked at once: mistakes show up before hours of work, not after.

    Args:
        root: A folder like VOC2007, or a VOCdevkit that holds exactly one.
        split: Name of a file in ImageSets/Main, without suffix. The default is every annotated image.
        classes: Names in label order. The default is the 20 of VOC if the folder's annotations name no other, else
            the sorted names found in them.
        strict: Raise at the first broken rule. If False, the object or image that breaks it is dropped (a box partly
            outside its image is clipped) and described in `problems`.

    Attributes:
        ids: Names of the images, without folder and suffix.

    Raises:
        DataError: If the folder is no data set, the split cannot be used, or (strict) an annotation breaks a rule or
            an image is missing.
    """

    layout = "JPEGImages and Annotations, or a VOC folder that does"

    @staticmethod
    def recognises(root: Path) -> bool:
        """Return whether a folder, or one inside it that is called like VOC2007, holds images and annotations."""
        return bool(_data_folders(root))

    @staticmethod
    def splits(root: str | Path) -> list[str]:
        """Return the names of the splits of a data set, sorted; none for a folder without ImageSets/Main.

        Raises:
            DataError: If the folder is no data set.
        """
        return _split_names(data_folder(Path(root)) / "ImageSets" / "Main")

    def __init__(
        self, root: str | Path, split: str | None = None, *, classes: Sequence[str] | None = None, strict: bool = True
    ) -> None:
        self.root = data_folder(Path(root))
        self.split = split
        self._strict = strict
        self.problems: list[str] = []
        self._files = _annotation_files(self.root / "Annotations")
        wanted = list(self._files) if split is None else split_ids(self.root / "ImageSets" / "Main", split)
        self._annotations = self._read_annotations(wanted, _checked_classes(classes))
        self._paths = self._find_images()
        self.ids = [id_ for id_ in wanted if id_ in self._paths]
        self.dropped = [id_ for id_ in wanted if id_ not in self._paths]
        if not self.ids:
            raise DataError(f"{self.root}: split {split or 'of all annotated images'} has no usable images")
        self.classes = tuple(classes) if classes else self._found_classes(self._files.keys() - set(wanted))

    def image_path(self, i: int) -> Path:
        """Return the file of image i."""
        return self._paths[self.ids[i]]

    def told_size(self, i: int) -> tuple[float, float]:
        """Return width and height of image i as its annotation tells them, infinity for what it does not tell."""
        return self._annotations[self.ids[i]].size

    def image(self, i: int) -> npt.NDArray[np.uint8]:
        """Return the pixels of image i, uint8 (H, W, 3).

        Raises:
            ImageError: If they cannot be read.
            DataError: If the annotation is not of such a picture, as when only one of the two has been turned.
        """
        pixels = read_image(self.image_path(i))
        try:
            check_picture(self._annotations[self.ids[i]], (pixels.shape[1], pixels.shape[0]))
        except DataError as error:
            raise DataError(f"{self._annotation(self.ids[i])}: {error}") from None
        return pixels

    def target(self, i: int) -> Target:
        """Return boxes, labels and difficult of image i without decoding it."""
        objects = self._annotations[self.ids[i]].objects
        return {
            "boxes": np.array([box for _, box, _ in objects], np.float32).reshape(-1, 4),
            "labels": np.array([self.classes.index(name) for name, _, _ in objects], np.int64),
            "difficult": np.array([difficult for _, _, difficult in objects], np.bool_),
        }

    def _report(self, problem: str, remedy: str) -> None:
        if self._strict:
            raise DataError(problem)
        self.problems.append(f"{problem}: {remedy}")

    def _read_annotations(self, ids: list[str], classes: tuple[str, ...] | None) -> dict[str, Annotation]:
        """Return those annotations that can be read."""
        found = {id_: read_annotation(self._annotation(id_), classes, self._report) for id_ in ids}
        return {id_: annotation for id_, annotation in found.items() if annotation is not None}

    def _annotation(self, id_: str) -> Path:
        return self._files.get(id_, self.root / "Annotations" / f"{id_}.xml")

    def _find_images(self) -> dict[str, Path]:
        """Return the files of the images with an annotation; of two files with one id the first suffix counts."""
        folder = self.root / "JPEGImages"
        files = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in IMAGE_SUFFIXES]
        files.sort(key=lambda path: IMAGE_SUFFIXES.index(path.suffix.lower()), reverse=True)
        paths = {path.stem: path for path in files}
        for id_ in (id_ for id_ in self._annotations if id_ not in paths):
            self._report(f"{folder / id_}: no such image ({', '.join(IMAGE_SUFFIXES)})", "dropped")
        return {id_: path for id_, path in paths.items() if id_ in self._annotations}

    def _found_classes(self, others: set[str]) -> tuple[str, ...]:
        """Return the classes of the whole folder, so that all its splits agree on the labels."""
        elsewhere = (read_annotation(self._annotation(id_), None, lambda problem, remedy: None) for id_ in others)
        known = [annotation for annotation in (*self._annotations.values(), *elsewhere) if annotation]
        names = {name for annotation in known for name, _, _ in annotation.objects}
        return VOC_CLASSES if names <= set(VOC_CLASSES) else tuple(sorted(names))


def data_folder(root: Path) -> Path:
    """Return the data set that a folder is, or the only one in it.

    Raises:
        DataError: If there is none, or are several.
    """
    folders = _data_folders(root)
    if not folders:
        raise DataError(f"{root}: no data set: it must hold {VOC.layout}")
    if len(folders) > 1 and folders[0] != root:
        raise DataError(f"{root}: holds several data sets, choose one of {', '.join(map(str, folders))}")
    return folders[0]


def _data_folders(root: Path) -> list[Path]:
    return [
        folder
        for folder in [root, *sorted(root.glob("VOC[0-9]*"))]
        if (folder / "JPEGImages").is_dir() and (folder / "Annotations").is_dir()
    ]


def _annotation_files(folder: Path) -> dict[str, Path]:
    """Return the annotations by their ids, in order; of 1.XML and 1.xml the latter counts."""
    files = (path for path in folder.iterdir() if path.suffix.lower() == ".xml" and not path.name.startswith("."))
    return {path.stem: path for path in sorted(files, key=lambda path: (path.stem, path.suffix))}


def _checked_classes(classes: Sequence[str] | None) -> tuple[str, ...] | None:
    if classes is not None and not 0 < len(set(classes)) == len(classes):
        raise DataError(f"classes must be distinct names, at least one, got {list(classes)}")
    return None if classes is None else tuple(classes)


def _split_names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.txt"))


def split_ids(folder: Path, split: str) -> list[str]:
    """Return the first word of every line: image sets of single classes have a second column."""
    known = _split_names(folder)
    if split not in known:
        raise DataError(f"{folder}: no split {split!r}, there is {', '.join(known) or 'none at all'}")
    file = folder / f"{split}.txt"
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: cannot be read: {error}") from error
    ids: dict[str, int] = {}
    for number, words in enumerate(map(str.split, lines), 1):
        if not words:
            continue
        if words[0] in ids:
            raise DataError(f"{file}: line {number} repeats line {ids[words[0]]}: {words[0]!r}")
        if ".." in words[0] or any(character in words[0] for character in "/\\\0"):
            raise DataError(f"{file}: line {number}: an image id must be a plain name, got {words[0]!r}")
        ids[words[0]] = number
    return list(ids)
