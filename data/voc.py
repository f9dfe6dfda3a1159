"""Pascal VOC data sets (Everingham et al. 2010): the devkit's folders, or any folder laid out like one.

`JPEGImages/<id>.<jpg, png, ...>`, `Annotations/<id>.xml` and, if there, `ImageSets/Main/<split>.txt`. Files are found
by their id alone: what an annotation says about file names and folders is never used as a path.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .annotations import Object, read_objects
from .errors import DataError
from .images import read_image

VOC_CLASSES = (
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable", "dog",
    "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")

Target = dict[str, npt.NDArray[Any]]


class VOC:
    """The images of a split and their objects; iterates over (image, target), decoding one image at a time.

    A target is {"boxes": float32 (N, 4) in outer-edge pixels, "labels": int64 (N,) into `classes`, "difficult":
    bool (N,)}. Annotations are read and checked at once: mistakes show up before hours of work, not after.

    Args:
        root: A folder like VOC2007, or a VOCdevkit that holds exactly one.
        split: Name of a file in ImageSets/Main. The default is every annotated image.
        classes: Names in label order. The default is the 20 of VOC if the folder's annotations name no other, else
            the sorted names found in them.
        strict: Raise at the first broken rule. If False, the object or image that breaks it is dropped (a box partly
            outside its image is clipped) and described in `problems`.

    Attributes:
        ids: Names of the images, without folder and suffix.
        problems: What was dropped or clipped, and why.

    Raises:
        DataError: If the folder is no data set, the split cannot be used, or (strict) an annotation breaks a rule or
            an image is missing.
    """

    def __init__(
        self, root: str | Path, split: str | None = None, *, classes: Sequence[str] | None = None, strict: bool = True
    ) -> None:
        self.root = _data_folder(Path(root))
        self.split = split
        self.strict = strict
        self.problems: list[str] = []
        annotated = sorted(path.stem for path in (self.root / "Annotations").glob("[!.]*.xml"))
        wanted = annotated if split is None else _split_ids(self.root / "ImageSets" / "Main", split)
        self._objects = self._read_objects(wanted, _checked_classes(classes))
        self._paths = self._find_images()
        self.ids = [id_ for id_ in wanted if id_ in self._paths]
        if not self.ids:
            raise DataError(f"{self.root}: split {split or 'of all annotated images'} has no usable images")
        self.classes = tuple(classes) if classes else self._found_classes(set(annotated) - set(wanted))

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, i: int) -> tuple[npt.NDArray[np.uint8], Target]:
        return self.image(i), self.target(i)

    def __iter__(self) -> Iterator[tuple[npt.NDArray[np.uint8], Target]]:
        return (self[i] for i in range(len(self)))

    def image_path(self, i: int) -> Path:
        """Return the file of image i."""
        return self._paths[self.ids[i]]

    def image(self, i: int) -> npt.NDArray[np.uint8]:
        """Return the pixels of image i, uint8 (H, W, 3); ImageError if they cannot be read."""
        return read_image(self.image_path(i))

    def target(self, i: int) -> Target:
        """Return boxes, labels and difficult of image i without decoding it."""
        objects = self._objects[self.ids[i]]
        return {
            "boxes": np.array([box for _, box, _ in objects], np.float32).reshape(-1, 4),
            "labels": np.array([self.classes.index(name) for name, _, _ in objects], np.int64),
            "difficult": np.array([difficult for _, _, difficult in objects], np.bool_),
        }

    def _report(self, problem: str, remedy: str) -> None:
        if self.strict:
            raise DataError(problem)
        self.problems.append(f"{problem}: {remedy}")

    def _read_objects(self, ids: list[str], classes: tuple[str, ...] | None) -> dict[str, list[Object]]:
        """Return the objects of every image whose annotation can be read."""
        found = {id_: read_objects(self._annotation(id_), classes, self._report) for id_ in ids}
        return {id_: objects for id_, objects in found.items() if objects is not None}

    def _annotation(self, id_: str) -> Path:
        return self.root / "Annotations" / f"{id_}.xml"

    def _find_images(self) -> dict[str, Path]:
        """Return the files of the images that have objects read; of two files with one id the first suffix counts."""
        folder = self.root / "JPEGImages"
        files = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in IMAGE_SUFFIXES]
        files.sort(key=lambda path: IMAGE_SUFFIXES.index(path.suffix.lower()), reverse=True)
        paths = {path.stem: path for path in files}
        for id_ in (id_ for id_ in self._objects if id_ not in paths):
            self._report(f"{folder / id_}: no such image ({', '.join(IMAGE_SUFFIXES)})", "dropped")
        return {id_: path for id_, path in paths.items() if id_ in self._objects}

    def _found_classes(self, others: set[str]) -> tuple[str, ...]:
        """Return the classes of the whole folder, so that all its splits agree on the labels."""
        elsewhere = (read_objects(self._annotation(id_), None, lambda problem, remedy: None) for id_ in others)
        names = {name for objects in [*self._objects.values(), *elsewhere] for name, _, _ in objects or []}
        return VOC_CLASSES if names <= set(VOC_CLASSES) else tuple(sorted(names))


def _data_folder(root: Path) -> Path:
    folders = [
        folder
        for folder in [root, *sorted(root.glob("VOC[0-9]*"))]
        if (folder / "JPEGImages").is_dir() and (folder / "Annotations").is_dir()
    ]
    if not folders:
        raise DataError(f"{root}: no data set: it must hold JPEGImages and Annotations, or a VOC folder that does")
    if len(folders) > 1 and folders[0] != root:
        raise DataError(f"{root}: holds several data sets, choose one of {', '.join(map(str, folders))}")
    return folders[0]


def _checked_classes(classes: Sequence[str] | None) -> tuple[str, ...] | None:
    if classes is not None and not 0 < len(set(classes)) == len(classes):
        raise DataError(f"classes must be distinct names, at least one, got {list(classes)}")
    return None if classes is None else tuple(classes)


def _split_ids(folder: Path, split: str) -> list[str]:
    """Return the first word of every line: image sets of single classes have a second column."""
    known = sorted(path.stem for path in folder.glob("*.txt"))
    if split not in known:
        raise DataError(f"{folder}: no split {split!r}, there is {', '.join(known) or 'none at all'}")
    file = folder / f"{split}.txt"
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
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
