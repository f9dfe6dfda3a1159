"""What the readers share: a reader finds parts, images and raw objects; here they are checked and become a data set."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from ..dataset import DataSet, Target
from ..decoding.images import read_image
from ..errors import DataError, ReversedError
from ..unchecked import Found, Unchecked
from .layouts import is_file, unique_ids
from .things import Annotation, Thing, check_picture, checked, cut, no_area, outside
from .voc.devkit import VOC_CLASSES

Parts = dict[str, list[Path]]  # split -> the files or folders that hold it; "" is all of a data set without splits


class Picture(NamedTuple):
    """An image and its objects before they are checked."""

    file: Path
    source: str  # where it stands in the annotations, for messages
    size: tuple[float, float]  # width and height as the annotation tells them, or UNKNOWN
    raw: Sequence[tuple[str, Any]] | None  # where each object stands, and what stands there; None if it is unreadable
    number: int | None = None  # in the format's own count of images


class Annotated(DataSet):
    """A data set whose reader provides `parts`, `_pictures`, `_thing` and, where the format lists them, `_declared`.

    Annotations are read and checked at once. An image's id is the name of its file without suffix, or its path where
    two images have the same name. The classes are those that the format lists, else as for `VOC`: its 20 if the
    annotations name no other, or the names found, sorted.

    Args:
        root: The folder or file of the data set.
        split: One of `splits(root)`. The default is all images.
        classes: Names in label order. The default is those of the format.
        strict: Raise at the first broken rule. If False, the object or image that breaks it is dropped (a box partly
            outside its image is clipped) and described in `problems`.

    Raises:
        DataError: If there is no such data set or split, or (strict) an annotation breaks a rule or an image is
            missing.
    """

    layout: str

    @classmethod
    def parts(cls, root: Path) -> Parts:
        """Return where each split of a data set is; nothing if the folder or file is none."""
        raise NotImplementedError

    @classmethod
    def recognises(cls, root: Path) -> bool:
        """Return whether a folder or file looks like a data set in this format."""
        return bool(cls.parts(root))

    @classmethod
    def splits(cls, root: str | Path) -> list[str]:
        """Return the names of the splits of a data set, sorted; none if it is not divided.

        Raises:
            DataError: If the folder or file is no data set.
        """
        return sorted(filter(None, cls._found_parts(Path(root))))

    @classmethod
    def unread(cls, root: Path) -> Self:
        """Return the data set before anything of it is read, for `unchecked`.

        Raises:
            DataError: If the folder or file is no data set.
        """
        cls._found_parts(root)
        reader = cls.__new__(cls)
        reader.root, reader._strict, reader._allowed = root, False, None
        reader.problems, reader._remarks = [], Counter()
        return reader

    def unchecked(self, split: str | None) -> Iterator[Unchecked]:
        """Yield the images of a split, or of all, as the files have them; those of several splits once."""
        parts = self._found_parts(self.root)
        known, shared = set[int](), split is None and len(parts) > 1  # hashes of paths
        for places in parts.values() if split is None else [parts[split]]:
            here = set[int]()
            for image in self._unchecked(places):
                if shared and hash(image.file) in known:
                    continue
                here.update([hash(image.file)] * shared)
                yield image
            known |= here

    def declared(self) -> tuple[str, ...]:
        """Return the classes that the format lists, once images have been read; none if it has no such list."""
        return self._declared()

    def remarks(self) -> list[str]:
        """Return what was read in another way than it is written, in sentences."""
        return [f"{count:,} {remark}" for remark, count in self._remarks.items() if count]

    def __init__(
        self, root: str | Path, split: str | None = None, *, classes: Sequence[str] | None = None, strict: bool = True
    ) -> None:
        self.root, self.split, self._strict = Path(root), split, strict
        self.problems, self._remarks = list[str](), Counter[str]()
        parts = self._found_parts(self.root)
        if split is not None and split not in self.splits(root):
            there = ", ".join(self.splits(root)) or "none at all"
            raise DataError(f"{root}: no split {split!r}, there is {there}")
        if classes is not None and not 0 < len(set(classes)) == len(classes):
            raise DataError(f"classes must be distinct names, at least one, got {list(classes)}")
        chosen = parts if split is None else {split: parts[split]}
        self._allowed = tuple(classes) if classes is not None else None
        self._keep(self._all_pictures(chosen.values()))
        self.classes = self._allowed or self._declared() or self._named(parts, split)
        self.notes = self.remarks()

    def image_path(self, i: int) -> Path:
        """Return the file of image i."""
        return self._kept[i][0]

    def told_size(self, i: int) -> tuple[float, float]:
        """Return width and height of image i as its annotation tells them, infinity for what it does not tell."""
        return self._kept[i][2].size

    def image(self, i: int) -> npt.NDArray[np.uint8]:
        """Return the pixels of image i, uint8 (H, W, 3).

        Raises:
            ImageError: If they cannot be read.
            DataError: If the annotation is not of such a picture, as when only one of the two has been turned.
        """
        file, source, annotation = self._kept[i]
        pixels = read_image(file)
        try:
            check_picture(annotation, (pixels.shape[1], pixels.shape[0]))
        except DataError as error:
            raise DataError(f"{source}: {error}") from None
        return pixels

    def target(self, i: int) -> Target:
        """Return boxes, labels, difficult and crowd of image i without decoding it."""
        objects = self._kept[i][2].objects
        return {
            "boxes": np.array([box for _, box, _ in objects], np.float32).reshape(-1, 4),
            "labels": np.array([self.classes.index(name) for name, _, _ in objects], np.int64),
            "difficult": np.array([difficult for _, _, difficult in objects], np.bool_),
            "crowd": np.array(self._crowds[i], np.bool_),
        }

    @classmethod
    def _found_parts(cls, root: Path) -> Parts:
        parts = cls.parts(root)
        if not parts:
            raise DataError(f"{root}: no data set: it must {'be' if root.is_file() else 'hold'} {cls.layout}")
        return parts

    def _pictures(self, places: list[Path]) -> Iterator[Picture]:
        """Yield the images of a part."""
        raise NotImplementedError

    def _unchecked(self, places: list[Path]) -> Iterator[Unchecked]:
        """Yield the images of a part with their objects, whatever is wrong with them."""
        for file, source, size, raw, number in self._pictures(places):
            objects = None if raw is None else [self._found(place, what, size) for place, what in raw]
            yield Unchecked(file, source, size, objects, number=number)

    def _found(self, place: str, raw: Any, size: tuple[float, float]) -> Found:
        try:
            thing = self._thing(raw, size)
            (x1, y1, x2, y2), swapped = thing.box, None
            if x2 < x1 or y2 < y1:
                swapped = ReversedError(f"({thing.name}): {no_area(thing.box)}")
            thing = checked(thing._replace(box=(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))), None)
        except DataError as error:
            return Found(place, error=error)
        return Found(place, *thing, error=swapped)

    def _thing(self, raw: Any, size: tuple[float, float]) -> Thing:
        """Return the object that stands in a file, or raise a DataError that says what is wrong with it."""
        raise NotImplementedError

    def _declared(self) -> tuple[str, ...]:
        """Return the classes that the format lists; none if it has no such list."""
        return ()

    def _report(self, problem: str, remedy: str) -> None:
        problem = " ".join(problem.split())  # names in files may hold anything
        if self._strict:
            raise DataError(problem)
        self.problems.append(f"{problem}: {remedy}")

    def _remark(self, remark: str) -> None:
        """Count something that is read in another way than it is written."""
        self._remarks[remark] += 1

    def _all_pictures(self, parts: Iterable[list[Path]]) -> list[Picture]:
        """Return the images of some parts, those of several parts once."""
        pictures: list[Picture] = []
        for places in parts:
            known = {picture.file for picture in pictures}
            pictures.extend(picture for picture in self._pictures(places) if picture.file not in known)
        return pictures

    def _keep(self, pictures: list[Picture]) -> None:
        """Keep the images that can be used, with the objects that keep the rules."""
        kept = [(picture, things) for picture in pictures if (things := self._things(picture)) is not None]
        names = unique_ids([picture.file for picture in pictures], self.root)
        self.ids = [names[picture.file] for picture, _ in kept]
        self.dropped = sorted(set(names.values()) - set(self.ids))
        if not kept:
            raise DataError(f"{self.root}: split {self.split or 'of all images'} has no usable images")
        if len(set(self.ids)) < len(self.ids):
            repeated, times = Counter(self.ids).most_common(1)[0]
            raise DataError(f"{self.root}: image {repeated!r} must be listed once, and is {times} times")
        self._kept = [
            (picture.file, picture.source, Annotation(picture.size, [thing[:3] for thing in things]))
            for picture, things in kept
        ]
        self._crowds = [[thing.crowd for thing in things] for _, things in kept]
        numbers = [picture.number for picture, _ in kept if picture.number is not None]
        if len(set(numbers)) == len(kept):  # several files may use the same ones
            self.image_ids = dict(zip(self.ids, numbers, strict=True))

    def _things(self, picture: Picture) -> list[Thing] | None:
        """Return the objects of an image that keep the rules; None if the image or its annotation cannot be used."""
        if picture.raw is None:
            return None
        if not is_file(picture.file):
            self._report(f"{picture.source}: no such image {picture.file}", "dropped")
            return None
        things = []
        for place, raw in picture.raw:
            try:
                thing = checked(self._thing(raw, picture.size), self._allowed)
            except DataError as error:
                self._report(f"{place}: {error}", "dropped")
                continue
            inside, lacks = cut(thing.box, picture.size)
            if lacks:
                fault = f"({thing.name}): {outside(thing.box, picture.size)}"
                self._report(f"{place} {fault}", "clipped" if inside else "dropped")
            if inside:
                things.append(thing._replace(box=inside))
        return things

    def _named(self, parts: Mapping[str, list[Path]], split: str | None) -> tuple[str, ...]:
        """Return the classes of the whole data set, so that all its splits agree on the labels."""
        names = {name for _, _, annotation in self._kept for name, _, _ in annotation.objects}
        others = [places for part, places in parts.items() if split not in (None, part)]
        if others:
            reader = self.unread(self.root)  # mistakes elsewhere do not count
            pictures = reader._all_pictures(others)
            names |= {thing.name for picture in pictures for thing in reader._things(picture) or ()}
        return VOC_CLASSES if names <= set(VOC_CLASSES) else tuple(sorted(names))
