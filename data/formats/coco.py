"""COCO's object detection format (Lin et al. 2014): one JSON file for a split, boxes as `x y width height`.

Boxes count pixels from 0 at the outer corner of the first pixel, so `x y width height` is read as `x y x+width
y+height`, no pixel more or less. Crowds (`iscrowd`) are read as difficult: not learned, and finding one is neither
right nor wrong, as in COCO's own scores. So are objects with `ignore`, by which VOC's difficult ones are marked; where
both are set, the object is no crowd. An image that is listed without annotations is background.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import DataError, UnknownClassError
from .annotated import Annotated, Parts, Picture
from .json_files import read_object, typed
from .layouts import MOST_LOOKED_AT, files_of, first_file, folders_of, inner_path, parts_by_name, some_begin
from .things import Thing, number, size_in

ROBOFLOW = "_annotations.coco.json"
PREFIX = "instances_"
_STARTS = re.compile(r'\s*\{\s*"(info|licenses|images|annotations|categories|type)"\s*:')
_DETECTIONS = re.compile(r'"detections"\s*:')  # what our own results hold, which begin with "images", too


class COCO(Annotated):
    """A data set in COCO's format: the JSON file of a split, or a folder with one file for each.

    Attributes:
        image_ids: Id -> number of the image in its file.
        category_ids: Class name -> number of the category in its file; the classes are in the order of these.
    """

    layout = "COCO's annotations/instances_SPLIT.json, or a JSON file of that kind beside the images"

    @classmethod
    def parts(cls, root: Path) -> Parts:
        """Return the JSON file for each split."""
        if root.is_file():
            return {"": [root]} if some_begin([root], _looks) else {}
        inner = files_of(root / "annotations", ".json")
        found = [file for file in inner if file.name.startswith(PREFIX)] or _like(inner)
        if found:
            return {file.stem.removeprefix(PREFIX): [file] for file in found}
        if flat := _like(files_of(root, ".json")):
            return parts_by_name(flat)
        return {folder.name: [file] for folder in folders_of(root) if (file := folder / ROBOFLOW).is_file()}

    def _pictures(self, places: list[Path]) -> Iterator[Picture]:
        [file] = places
        content = read_object(file)
        names = self._read_categories(file, typed(content.get("categories"), list, f"{file}: categories"))
        raw = self._by_image(file, typed(content.get("annotations", []), list, f"{file}: annotations"), names)
        folders, used = _image_folders(file), set[int]()
        for count, entry in enumerate(typed(content.get("images"), list, f"{file}: images"), 1):
            place = f"{file}: image number {count}"
            try:
                image = typed(typed(entry, dict, "an image").get("id"), int, "id")
                things = raw.pop(image, [])
                if image in used:
                    raise DataError(f"the id {image} must be used once")
                used.add(image)
                path = inner_path(typed(entry.get("file_name"), str, "file_name"))
                size = size_in(entry.get("width"), entry.get("height"))
            except DataError as error:
                self._report(f"{place}: {error}", "dropped")
                continue
            yield Picture(first_file(folders, path), f"{place} ({path})", size, things, image)
        for image, strays in raw.items():
            self._report(f"{strays[0][0]}: there is no image with the id {image}", "dropped")

    def _by_image(self, file: Path, entries: list[Any], names: dict[int, str]) -> dict[int, list[tuple[str, Any]]]:
        """Return the annotations of each image by its number, and with each the names of the categories."""
        raw = defaultdict[int, list[tuple[str, Any]]](list)
        for count, entry in enumerate(entries, 1):
            try:
                image = typed(typed(entry, dict, "an annotation").get("image_id"), int, "image_id")
            except DataError as error:
                self._report(f"{file}: annotation number {count}: {error}", "dropped")
                continue
            raw[image].append((f"{file}: annotation {entry.get('id', f'number {count}')}", (entry, names)))
        return raw

    def _thing(self, raw: Any, size: tuple[float, float]) -> Thing:
        entry, names = raw
        category = typed(entry.get("category_id"), int, "category_id")
        if category not in names:
            raise UnknownClassError(f"there is no category with the id {category}")
        name = names[category]
        box = entry.get("bbox")
        if not isinstance(box, list) or len(box) != 4:
            raise DataError(f"({name}): bbox must be x, y, width and height, got {box!r}")
        x, y, width, height = (number(value, f"({name}): bbox") for value in box)
        crowd, ignored = bool(entry.get("iscrowd")), bool(entry.get("ignore"))
        if entry.get("segmentation"):
            self._remark("objects have outlines (segmentation): only their boxes are read")
        return Thing(name, (x, y, x + width, y + height), crowd or ignored, crowd and not ignored)

    def _declared(self) -> tuple[str, ...]:
        return tuple(self.category_ids)

    def _read_categories(self, file: Path, entries: list[Any]) -> dict[int, str]:
        """Return the names of the categories by their numbers, and note both for the data set."""
        names: dict[int, str] = {}
        for count, entry in enumerate(entries, 1):
            place = f"{file}: category number {count}"
            identity = typed(typed(entry, dict, place).get("id"), int, f"{place}: id")
            if identity in names:
                raise DataError(f"{place}: the id {identity} must be used once")
            names[identity] = typed(entry.get("name"), str, f"{place}: name").strip()
        known = {name: identity for identity, name in sorted(names.items())}
        if len(known) < len(names):
            self._remarks["categories have the name of another: they are one class"] += len(names) - len(known)
        self.category_ids = {**known, **dict(self.category_ids)}
        return names


def _image_folders(file: Path) -> list[Path]:
    """Return the folders in which the images of a JSON file may lie, the likeliest first."""
    base = file.parent.parent if file.parent.name == "annotations" else file.parent
    split = file.stem.removeprefix(PREFIX)
    return [base / split, base / "images" / split, base / split / "images", base / "images", base, file.parent]


def _like(files: list[Path]) -> list[Path]:
    return [file for file in files[:MOST_LOOKED_AT] if some_begin([file], _looks)]


def _looks(text: str) -> bool:
    return bool(_STARTS.match(text)) and not _DETECTIONS.search(text)
