"""YOLO's label files, one line `class x y width height` for each object, the numbers shares of the image's sides.

x and y are the box's centre. Pixels are counted from the outer corner of the first one, so that 0 and 1 are the edges
of the image; the sizes of images are read from their files. Label files lie in labels/ where images lie in images/, or
beside the images. A line of a class and three or more points, an outline, is read as the box around it. An image
without label file, or with an empty one, is background, as YOLO's own programs take it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..decoding.image_sizes import image_size
from ..decoding.images import IMAGE_SUFFIXES
from ..errors import DataError, EmptyBoxError, ImageError, UnknownClassError
from ..unchecked import Box
from .annotated import Annotated, Parts, Picture
from .layouts import files_of, is_file, read_text
from .things import UNKNOWN, Thing, edges_around, number
from .yolo_settings import CLASSES, find_settings, is_described

LARGEST_SHARE = 1.01  # of a side; what is larger is not a share


class YOLO(Annotated):
    """A data set with YOLO's labels: a data.yaml, the folder with one, or images/, labels/ and classes.txt."""

    layout = "a data.yaml with names and splits, or images/ and labels/ and classes.txt"

    @classmethod
    def recognises(cls, root: Path) -> bool:
        """Return whether a folder holds settings of a data set, or images and labels."""
        return is_described(root)

    @classmethod
    def parts(cls, root: Path) -> Parts:
        """Return the folders of images of each split, or the files that list them."""
        settings = find_settings(root)
        return settings.parts if settings else {}

    def _pictures(self, places: list[Path]) -> Iterator[Picture]:
        settings = find_settings(self.root)
        assert settings is not None, "the splits come from there"
        self._names, self._keypoints = settings.names, settings.keypoints
        for place in places:
            if place.is_dir():
                try:
                    images = sorted(file for file in place.rglob("*") if _is_image(file))
                except OSError as error:
                    raise DataError(f"{place}: cannot be read: {error.strerror}") from error
                yield from map(self._picture, images)
                yield from _strays(images)
            elif place.suffix.lower() == ".txt":
                for count, line in enumerate(read_text(place).splitlines(), 1):
                    if name := line.strip():
                        yield self._picture(place.parent / name, f"{place}: line {count}")
            else:
                raise DataError(f"{self.root}: must name folders of images, or .txt files that list them, got {place}")

    def _picture(self, file: Path, listed: str = "") -> Picture:
        if not is_file(file):
            return Picture(file, listed, UNKNOWN, ())
        label = label_file(file)
        try:
            size = image_size(file)
            lines = read_text(label).splitlines() if is_file(label) else []
        except (ImageError, DataError) as error:
            self._report(str(error), "image dropped")
            return Picture(file, str(label), UNKNOWN, None)
        raw = [(f"{label}: line {count}", words) for count, line in enumerate(lines, 1) if (words := line.split())]
        return Picture(file, str(label), size, raw)

    def _thing(self, raw: Any, size: tuple[float, float]) -> Thing:
        label, *values = (number(word, "each word of a line") for word in raw)
        if label not in self._names:
            raise UnknownClassError(f"there is no class {raw[0]}, the classes are {self._names}")
        if max(map(abs, values), default=0) > LARGEST_SHARE and not self._keypoints:
            raise DataError(f"numbers must be shares of the image's sides, at most 1, got {' '.join(raw[1:])}")
        return Thing(self._names[int(label)], self._box(values, size))

    def _box(self, values: list[float], size: tuple[float, float]) -> Box:
        width, height = size
        if len(values) == 4 or (self._keypoints and len(values) > 4):
            x, y, across, down = values[:4]
            corners = [(x - across / 2, y - down / 2), (x + across / 2, y + down / 2)]
            if across <= 0 or down <= 0:
                raise EmptyBoxError(f"width and height must be positive, got {across:g} and {down:g}")
        elif len(values) >= 6 and len(values) % 2 == 0:
            self._remark("outlines (segments) are read as the boxes around them")
            corners = list(zip(values[::2], values[1::2], strict=True))
        else:
            raise DataError(f"a line must be a class and 4 numbers, or 3 points and more, has {len(values)} numbers")
        return edges_around([(x * width, y * height) for x, y in corners])

    def _declared(self) -> tuple[str, ...]:
        return tuple(self._names.values())


def label_file(image: Path) -> Path:
    """Return where the labels of an image are: the last images/ of its path is labels/ there, or beside it."""
    parts = list(image.parts)
    beside = image.with_suffix(".txt")
    if "images" not in parts[:-1]:
        return beside
    parts[len(parts) - 2 - parts[-2::-1].index("images")] = "labels"
    apart = Path(*parts).with_suffix(".txt")
    return beside if is_file(beside) and not is_file(apart) else apart


def _strays(images: list[Path]) -> Iterator[Picture]:
    """Yield the label files of no image, which is missing then."""
    labels = {label_file(image): image for image in images}
    folders = {label.parent: image.parent for label, image in labels.items() if label.parent != image.parent}
    for folder, pictured in folders.items():
        for file in files_of(folder, ".txt"):
            if file not in labels and file.name != CLASSES:
                yield Picture(pictured / f"{file.stem}.jpg", str(file), UNKNOWN, ())


def _is_image(file: Path) -> bool:
    return file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith(".") and file.is_file()
