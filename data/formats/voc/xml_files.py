"""Pascal VOC's annotations beside their images, as LabelImg, Roboflow and others leave them: no devkit around them.

Boxes in the files count pixels from 1 and the last pixel is inside, as VOC's do: `xmin ymin xmax ymax` is read as
`xmin-1 ymin-1 xmax ymax`. A picture without XML file is not annotated, and no part of the data set.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import DataError
from ...unchecked import Unchecked
from ..annotated import Annotated, Parts, Picture
from ..layouts import by_stem, files_of, folders_of, holds_image, images_of, some_begin, some_files
from ..things import UNKNOWN, Thing
from .annotations import read_annotation, unchecked_annotation
from .devkit import VOC

ANNOTATIONS = ("annots", "annotations", "Annotations", "xmls")


class VOCFiles(Annotated):
    """A data set of images and VOC's XML files in one folder, or in two; or in such folders named after its splits."""

    layout = (
        "images and VOC's XML files in one folder or in images/ and annotations/ (or annots/), or folders such as "
        "train/ and valid/ that do"
    )

    @classmethod
    def recognises(cls, root: Path) -> bool:
        """Return whether a folder holds such files, and is not laid out like VOC's devkit."""
        return not VOC.recognises(root) and super().recognises(root)

    @classmethod
    def parts(cls, root: Path) -> Parts:
        """Return the folders of images and annotations for each split."""
        if places := _pair(root):
            return {"": places}
        return {folder.name: places for folder in folders_of(root) if (places := _pair(folder))}

    def _pictures(self, places: list[Path]) -> Iterator[Picture]:
        for file, source in self._pairs(places):
            annotation = read_annotation(source, self._allowed, self._report)
            if annotation is None:
                yield Picture(file, str(source), UNKNOWN, None)
            else:
                raw = [(f"{source}: object", thing) for thing in annotation.objects]
                yield Picture(file, str(source), annotation.size, raw)

    def _unchecked(self, places: list[Path]) -> Iterator[Unchecked]:
        for file, source in self._pairs(places):
            try:
                size, objects = unchecked_annotation(source)
                yield Unchecked(file, str(source), size, list(objects))
            except DataError as error:
                self._report(f"{source}: {error}", "image dropped")
                yield Unchecked(file, str(source), UNKNOWN, None)

    def _pairs(self, places: list[Path]) -> Iterator[tuple[Path, Path]]:
        """Yield the images and their annotations."""
        images, annotations = places
        files = by_stem(images_of(images))
        sources = {source.stem: source for source in files_of(annotations, ".xml")}
        for stem, source in sources.items():
            yield files.get(stem, images / f"{stem}.jpg"), source
        self._remarks["images without XML file are left out"] += len(files.keys() - sources.keys())

    def _thing(self, raw: Any, size: tuple[float, float]) -> Thing:
        return Thing(*raw)


def _pair(folder: Path) -> list[Path]:
    """Return the folder of images and that of annotations in a folder, or nothing."""
    pairs = [(folder, folder), *((folder / "images", folder / name) for name in ANNOTATIONS)]
    return next((list(pair) for pair in pairs if holds_image(pair[0]) and _holds_annotation(pair[1])), [])


def _holds_annotation(folder: Path) -> bool:
    return some_begin(some_files(folder, ".xml"), lambda text: "<annotation" in text)
