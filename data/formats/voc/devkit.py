"""Pascal VOC data sets (Everingham et al. 2010): the devkit's folders, or any folder laid out like one.

`JPEGImages/<id>.<jpg, png, ...>`, `Annotations/<id>.xml` and, if there, `ImageSets/Main/<split>.txt`. Folders may be
named in small letters, `JPEGImages` may be called `images`, and an id may hold folders inside these: `cam1/7`. Files
are found by their id alone: what an annotation says about file names and folders is never used as a path.
"""

import math
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from ...dataset import DataSet, Target
from ...decoding.images import IMAGE_SUFFIXES, read_image
from ...errors import DataError, DataWarning, reasons
from ...listing import NamedFiles, files_below, folder_called, normal
from ...unchecked import Found, Unchecked
from ..things import Annotation, check_picture
from .annotations import read_annotation, unchecked_annotation
from .split_files import split_files, split_ids

VOC_CLASSES = (
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog",
    "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip


class VOC(DataSet):
    """A data set in the layout of Pascal VOC.

    Annotations are read and checked at once: mistakes show up before hours of work, not after. What is odd in them and
    costs nothing is a DataWarning if strict, else one of the `problems`.

    Args:
        root: A folder like VOC2007, or a VOCdevkit that holds exactly one.
        split: Name of a file in ImageSets/Main, without suffix. The default is every annotated image.
        classes: Names in label order. The default is the 20 of VOC if the folder's annotations name no other, else
            the sorted names found in them.
        strict: Raise at the first broken rule. If False, the object, image or line of the split that breaks it is
            dropped (a box partly outside its image is clipped, one with its corners swapped is mended) and described
            in `problems`.

    Attributes:
        ids: Names of the images below their folder, without suffix.

    Raises:
        DataError: If the folder is no data set, the split cannot be used, or (strict) an annotation breaks a rule or
            an image is missing.
    """

    layout = "JPEGImages and Annotations, or a VOC folder that does"

    @staticmethod
    def recognises(root: Path) -> bool:
        """Return whether a folder, or one inside it that is called like VOC2007, holds images and annotations.

        Folders called images and annotations are of other formats, too: they count with XML files in the latter.
        """
        return bool(_data_folders(root))

    @staticmethod
    def splits(root: str | Path) -> list[str]:
        """Return the names of the splits of a data set, sorted; none for a folder without ImageSets/Main.

        Raises:
            DataError: If the folder is no data set.
        """
        return sorted(split_files(data_folder(Path(root))))

    @classmethod
    def unread(cls, root: Path) -> Self:
        """Return the data set before anything of it is read, for `unchecked`.

        Raises:
            DataError: If the folder is no data set.
        """
        reader = cls.__new__(cls)
        reader.root, reader._strict, reader.problems = data_folder(root), False, []
        return reader

    def unchecked(self, split: str | None) -> Iterator[Unchecked]:
        """Yield the images of a split, or all annotated ones, as their files have them."""
        self._files = NamedFiles(folder_called(self.root, "Annotations") or self.root, [".xml"])
        images = NamedFiles(image_folder(self.root), IMAGE_SUFFIXES)
        ids = self._files.paths if split is None else split_ids(self.root, split, self._files, self._report)
        for id_ in ids:
            source, name = self._annotation(id_), images.find(id_)
            file = images.folder / f"{id_}{IMAGE_SUFFIXES[0]}" if name is None else images.paths[name]
            size: tuple[float, float] = (math.inf, math.inf)
            objects: list[Found] | None = None
            try:
                size, found = unchecked_annotation(source)
                objects = list(found)
            except DataError as error:
                self._report(f"{source}: {error}", "image dropped")
            yield Unchecked(file, str(source), size, objects, id_)

    def declared(self) -> tuple[str, ...]:
        """Return no classes: the format has no list of them."""
        return ()

    def remarks(self) -> list[str]:
        """Return nothing: all is read as it is written."""
        return []

    def __init__(
        self, root: str | Path, split: str | None = None, *, classes: Sequence[str] | None = None, strict: bool = True
    ) -> None:
        self.root = data_folder(Path(root))
        self.split = split
        self._strict = strict
        self.problems: list[str] = []
        self._files = NamedFiles(folder_called(self.root, "Annotations") or self.root, [".xml"])
        wanted = list(self._files.paths)
        if split is not None:
            wanted = split_ids(self.root, split, self._files, self._report)
        known = _checked_classes(classes)
        self._annotations = self._read_annotations(wanted, known)
        self._paths = self._find_images()
        self.ids = [id_ for id_ in wanted if id_ in self._paths]
        self.dropped = [id_ for id_ in wanted if id_ not in self._paths]
        if not self.ids:
            raise DataError(self._nothing_left())
        self.classes = known or self._found_classes(self._files.paths.keys() - set(wanted))
        self._pass_on([note for id_ in self.ids for note in self._annotations[id_].notes])

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

    def _pass_on(self, notes: list[str]) -> None:
        """Tell what is odd and costs nothing."""
        if not self._strict:
            self.problems += notes
        elif notes:
            more = f" (the first of {len(notes)} such places)" * (len(notes) > 1)
            warnings.warn(f"{notes[0]}{more}", DataWarning, stacklevel=3)

    def _nothing_left(self) -> str:
        """Return why there are no images, with the first reasons."""
        message = f"{self.root}: split {self.split or 'of all annotated images'} has no usable images"
        return f"{message}{reasons(self.problems)}"

    def _read_annotations(self, ids: list[str], classes: tuple[str, ...] | None) -> dict[str, Annotation]:
        """Return those annotations that can be read."""
        found = {id_: read_annotation(self._annotation(id_), classes, self._report) for id_ in ids}
        return {id_: annotation for id_, annotation in found.items() if annotation is not None}

    def _annotation(self, id_: str) -> Path:
        return self._files.paths.get(id_, self._files.folder / f"{id_}.xml")

    def _find_images(self) -> dict[str, Path]:
        """Return the files of the images with an annotation; of two files with one id the first suffix counts."""
        files = NamedFiles(image_folder(self.root), IMAGE_SUFFIXES)
        names = {id_: files.find(id_) for id_ in self._annotations}
        for id_ in (id_ for id_, name in names.items() if name is None):
            self._report(f"{files.folder / id_}: no such image ({', '.join(IMAGE_SUFFIXES)})", "dropped")
        return {id_: files.paths[name] for id_, name in names.items() if name is not None}

    def _found_classes(self, others: set[str]) -> tuple[str, ...]:
        """Return the classes of the whole folder, so that all its splits agree on the labels."""
        elsewhere = (read_annotation(self._annotation(id_), None, lambda problem, remedy: None) for id_ in others)
        read = [annotation for annotation in (*self._annotations.values(), *elsewhere) if annotation]
        names = {name for annotation in read for name, _, _ in annotation.objects}
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


def image_folder(root: Path) -> Path:
    """Return the folder of the images in what `data_folder` returned."""
    return folder_called(root, "JPEGImages", "images") or root / "JPEGImages"


def _data_folders(root: Path) -> list[Path]:
    inner = sorted(root.iterdir()) if root.is_dir() else []
    devkit = [path for path in inner if path.name[:3].upper() == "VOC" and path.name[3:4].isdecimal()]
    return [folder for folder in [root, *devkit] if _is_data_folder(folder)]


def _is_data_folder(folder: Path) -> bool:
    annotations = folder_called(folder, "Annotations")
    if annotations is None:
        return False
    named_for_voc = folder_called(folder, "JPEGImages") is not None
    return named_for_voc or (image_folder(folder).is_dir() and bool(files_below(annotations, [".xml"])))


def _checked_classes(classes: Sequence[str] | None) -> tuple[str, ...] | None:
    if classes is None:
        return None
    if not 0 < len(set(classes)) == len(classes):
        raise DataError(f"classes must be distinct names, at least one, got {list(classes)}")
    return tuple(map(normal, classes))
