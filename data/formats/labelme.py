"""LabelMe's JSON files, one beside each image, with rectangles given by two corners.

Coordinates are pixels from the outer corner of the first one, as ours are; the two corners may come in any order.
Outlines are read as the boxes around them. The flags "difficult" and "crowd" of a shape, if true, are what they say;
a crowd is difficult, too. A picture without JSON file is not annotated, and no part of the data set.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import DataError
from .annotated import Annotated, Parts, Picture
from .json_files import read_object, typed
from .layouts import by_stem, files_of, folders_of, images_of, some_begin, some_files
from .things import UNKNOWN, Thing, edges_around, number, size_in

OUTLINES = ("polygon",)
_SHAPES = re.compile(r'"shapes"\s*:\s*\[')


class LabelMe(Annotated):
    """A data set of images with LabelMe's JSON files beside them, or of such folders named after its splits."""

    layout = "images with LabelMe's JSON files beside them, or folders such as train/ and val/ that do"

    @classmethod
    def parts(cls, root: Path) -> Parts:
        """Return the folder of each split."""
        if _holds_annotation(root):
            return {"": [root]}
        return {folder.name: [folder] for folder in folders_of(root) if _holds_annotation(folder)}

    def _pictures(self, places: list[Path]) -> Iterator[Picture]:
        [folder] = places
        images = images_of(folder)
        files, left = by_stem(images), set(images)
        for source in files_of(folder, ".json"):
            try:
                content = read_object(source)
                shapes = typed(content.get("shapes"), list, f"{source}: shapes")
                name = typed(content.get("imagePath", ""), str, f"{source}: imagePath")
                size = size_in(content.get("imageWidth"), content.get("imageHeight"))
            except DataError as error:
                problem = str(error) if str(error).startswith(str(source)) else f"{source}: {error}"
                self._report(problem, "image dropped")
                yield Picture(files.get(source.stem, source), str(source), UNKNOWN, None)
                continue
            named = folder / re.split(r"[/\\]", name)[-1]  # it may have been written on another machine
            file = named if named in left else files.get(source.stem, named)
            left.discard(file)
            raw = [(f"{source}: shape {count}", shape) for count, shape in enumerate(shapes, 1)]
            yield Picture(file, str(source), size, raw)
        self._remarks["images without JSON file are left out"] += len(left)

    def _thing(self, raw: Any, size: tuple[float, float]) -> Thing:
        shape = typed(raw, dict, "a shape")
        name = typed(shape.get("label"), str, "label")
        kind = shape.get("shape_type") or "polygon"
        given = typed(shape.get("points"), list, f"({name}): points")
        if any(not isinstance(point, list) or len(point) != 2 for point in given):
            raise DataError(f"({name}): points must be pairs of numbers")
        points = [(number(x, f"({name}): x"), number(y, f"({name}): y")) for x, y in given]
        if kind not in ("rectangle", *OUTLINES) or len(points) < 2:
            raise DataError(f"({name}): a shape must be a rectangle or polygon, got {kind!r} of {len(points)} points")
        if kind in OUTLINES:
            self._remark("polygons are read as the boxes around them")
        flags = typed(shape.get("flags") or {}, dict, f"({name}): flags")
        crowd = flags.get("crowd") is True
        return Thing(name, edges_around(points), crowd or flags.get("difficult") is True, crowd)


def _holds_annotation(folder: Path) -> bool:
    return some_begin(some_files(folder, ".json"), lambda text: bool(_SHAPES.search(text)))
