"""COCO's files (Lin et al. 2014): of a data set whose annotations have a score each, and of results for pycocotools."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ..atomic import whole_file
from ..atomic.partials import named
from .folder import Results
from .writer import Write

FILE = "detections.coco.json"
IMAGES, ANNOTATIONS = f".{FILE}.images", f".{FILE}.annotations"  # a line for each, until the end


@contextmanager
def coco_file(results: Results, classes: Sequence[str]) -> Iterator[Write]:
    """Give what notes images and their objects in files of their own, which are joined on leaving.

    Images, annotations and categories are numbered from 1, categories in the order of the classes.
    """
    for file in (IMAGES, ANNOTATIONS):
        results.begin(file)
    categories = [{"id": number, "name": name} for number, name in enumerate(classes, 1)]
    numbers = {category["name"]: category["id"] for category in categories}
    images, objects = (_lines(results.folder / file) for file in (IMAGES, ANNOTATIONS))

    def write(_name: str, record: dict[str, Any]) -> None:
        nonlocal images, objects
        images += 1
        size = {"width": record["width"], "height": record["height"]}
        results.append(IMAGES, json.dumps({"id": images, "file_name": record["image"], **size}) + "\n")
        lines = []
        for found in record["detections"]:
            objects += 1
            x1, y1, x2, y2 = found["box"]
            box = {"bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1), "iscrowd": 0}
            place = {"id": objects, "image_id": images, "category_id": numbers[found["label"]]}
            lines.append(json.dumps(place | box | {"score": found["score"]}) + "\n")
        results.append(ANNOTATIONS, "".join(lines))

    yield write
    _join(results.folder, categories)


def coco_results(found: Iterable[tuple[int, Mapping[str, Any]]], categories: Sequence[int | None]) -> str:
    """Return the detections of images as the JSON that pycocotools' `loadRes` takes, an object a line.

    Args:
        found: For each image its number in the file of the truth, and a dictionary of boxes (N, 4), labels (N,) and
            scores (N,).
        categories: For each label the number of its category there; objects of a label without one are left out.
    """
    lines = []
    for image, objects in found:
        columns = (objects[name].tolist() for name in ("boxes", "labels", "scores"))
        for (x1, y1, x2, y2), label, score in zip(*columns, strict=True):
            if categories[label] is not None:
                place = {"image_id": image, "category_id": categories[label]}
                lines.append(json.dumps(place | {"bbox": [x1, y1, x2 - x1, y2 - y1], "score": score}))
    return "[" + ",\n".join(lines) + "]\n"


def _join(folder: Path, categories: list[dict[str, Any]]) -> None:
    """Write the file as a whole from its parts, a line at a time."""
    with whole_file(folder / FILE) as whole:
        whole.write(f'{{"info": {{}},\n"categories": {json.dumps(categories)},\n"images": [\n'.encode())
        _add(whole, folder / IMAGES)
        whole.write(b'],\n"annotations": [\n')
        _add(whole, folder / ANNOTATIONS)
        whole.write(b"]}\n")


def _add(whole: IO[bytes], part: Path) -> None:
    """Add the lines of a part, with commas between."""
    with part.open("rb") as lines:
        for number, line in enumerate(lines):
            whole.write(b"," * (number > 0) + line)


def _lines(file: Path) -> int:
    with named(file), file.open("rb") as lines:
        return sum(1 for _ in lines)
