"""Detections as JSON: the record `sppnet detect` writes for an image, and every form `sppnet eval` scores."""

import json
import reprlib
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ..decoding.images import IMAGE_SUFFIXES
from ..errors import DataError
from ..formats.layouts import read_text
from ..listing import normal

LARGEST_EDGE = 1e9  # pixels; float32 holds it with room to add two
LONGEST_PATH = 4096  # characters, of systems

Detections = dict[str, npt.NDArray[Any]]
_Found = tuple[list[float], int, float]
_T = TypeVar("_T")


def image_record(image: str, size: tuple[int, int], found: Mapping[str, Any], classes: Sequence[str]) -> dict[str, Any]:
    """Return what `sppnet detect` writes for an image, ready for JSON.

    Args:
        image: What the record calls the image: its path, say.
        size: Height and width of the image in pixels.
        found: What the detector's `predict` returned for the image.
        classes: Names of the detector's classes in label order.
    """
    return {
        "image": image,
        "width": size[1],
        "height": size[0],
        "detections": list(_objects(found, classes, ("label", "score", "margin", "box"))),
        "milliseconds": dict(found["milliseconds"]),
    }


def detections_json(found: Iterable[tuple[str, Mapping[str, Any]]], classes: Sequence[str]) -> str:
    """Return the detections of images as JSON that `read_detections` reads: one list, the objects of an image a line.

    Args:
        found: For each image its id, and a dictionary of boxes (N, 4), labels (N,) and scores (N,).
        classes: Class names in label order.
    """
    lines = [
        json.dumps([{"image": image, **entry} for entry in _objects(objects, classes, ("label", "box", "score"))])[1:-1]
        for image, objects in found
    ]
    return "[" + ",\n".join(filter(None, lines)) + "]\n"


def read_detections(
    file: str | Path,
    ids: Sequence[str],
    classes: Sequence[str],
    *,
    ignored: Sequence[str] = (),
    image_ids: Mapping[str, int] | None = None,
    category_ids: Mapping[str, int] | None = None,
) -> list[Detections]:
    """Return the detections in a JSON file, image by image.

    The file is a list. Its entries are our detections `{"image": "000005", "label": "chair", "box": [x1, y1, x2, y2],
    "score": 0.9}`, or COCO results `{"image_id": 5, "category_id": 9, "bbox": [x, y, width, height], "score": 0.9}`, or
    `image_record`s. Or it is what `sppnet detect` writes: one `image_record`, `{"images": [image_record, ...]}`, in a
    file whose name ends in .jsonl an `image_record` a line, or COCO's file of a data set with a score per annotation.
    Images are named by id, by the path of a file so named (it is not opened), or by the number the id is without
    leading zeros; COCO categories by name or by number from 1. Where the data set has numbers of its own, those count.

    Args:
        file: Path of the JSON or JSON Lines file.
        ids: Ids of the images, in the order in which their detections are to be returned.
        classes: Class names in label order.
        ignored: Ids of images whose entries are passed over.
        image_ids: Id -> number of the image in COCO results, as a `DataSet` has them.
        category_ids: Class name -> number of the category in COCO results, as a `DataSet` has them.

    Returns:
        For each id "boxes" float32 (N, 4), "labels" int64 (N,) and "scores" float64 (N,), in the order of the file.

    Raises:
        DataError: If the file is not like that, or an entry names an unknown image or class, or lacks a finite box
            or score.
    """
    images = _images_by_name([*ids, *ignored]) | {number: id_ for id_, number in (image_ids or {}).items()}
    labels: dict[str | int, int] = {name: label for label, name in enumerate(classes)}
    numbers = category_ids or {name: label + 1 for label, name in enumerate(classes)}
    categories = labels | {number: labels[name] for name, number in numbers.items() if name in labels}
    grouped: dict[str, list[_Found]] = {id_: [] for id_ in ids}
    for place, entry in _entries(_read_json(Path(file)), str(file)):
        coco = "bbox" in entry
        try:
            image = _named(entry, "image_id" if coco else "image", images)
            if image not in grouped:
                continue
            label = _named(entry, "category_id", categories) if coco else _named(entry, "label", labels)
            grouped[image].append((_box(entry, coco), label, _score(entry)))
        except DataError as error:
            raise DataError(f"{place}: {error}") from None
    return [_arrays(grouped[id_]) for id_ in ids]


def _objects(found: Mapping[str, Any], classes: Sequence[str], names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield every object with what is named, ready for JSON."""
    columns = {"score": "scores", "margin": "margins", "box": "boxes"}
    values = {name: found[column].tolist() for name, column in columns.items() if name in names}
    values["label"] = [classes[label] for label in found["labels"].tolist()]
    for row in zip(*(values[name] for name in names), strict=True):
        yield dict(zip(names, row, strict=True))


def _images_by_name(ids: Sequence[str]) -> dict[str | int, str]:
    """Return the id for every name of an image; a number that two ids share names none."""
    numbers = Counter(int(id_) for id_ in ids if id_.isdecimal())
    names: dict[str | int, str] = {normal(id_): id_ for id_ in ids}
    names |= {id_: id_ for id_ in ids}
    return names | {number: id_ for id_ in ids if id_.isdecimal() and numbers[number := int(id_)] == 1}


def _read_json(file: Path) -> Any:
    try:
        text = read_text(file)
        if file.suffix.lower() == ".jsonl":
            return [json.loads(line) for line in text.split("\n") if line.strip()]
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise error if isinstance(error, DataError) else DataError(f"{file}: no readable JSON: {error}") from error


def _entries(content: Any, file: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every detection with its place, those of an image record with their image."""
    if isinstance(content, dict) and "detections" in content:
        content = [content]
    elif isinstance(content, dict) and "annotations" in content:
        content = list(_annotations(content, file))
    elif isinstance(content, dict) and "images" in content:
        content = content["images"]
    for number, entry in enumerate(_typed(content, list, file), 1):
        place = f"{file}: entry {number}"
        if "detections" not in _typed(entry, dict, place):
            yield place, entry
            continue
        for inner, detection in enumerate(_typed(entry["detections"], list, f"{place}: detections"), 1):
            inner_place = f"{place}, detection {inner}"
            yield inner_place, {**_typed(detection, dict, inner_place), "image": entry.get("image")}


def _annotations(content: dict[str, Any], file: str) -> Iterator[dict[str, Any]]:
    """Yield the annotations of a COCO data set, which name images and categories by number, with names instead."""
    names = {}
    for key, table, name in (("image_id", "images", "file_name"), ("category_id", "categories", "name")):
        entries = [
            _typed(entry, dict, f"{file}: {table}") for entry in _typed(content.get(table), list, f"{file}: {table}")
        ]
        names[key] = {repr(entry.get("id")): entry.get(name) for entry in entries}
    for number, entry in enumerate(_typed(content["annotations"], list, f"{file}: annotations"), 1):
        numbered = _typed(entry, dict, f"{file}: annotation {number}")
        yield numbered | {key: table.get(repr(numbered.get(key))) for key, table in names.items()}


def _typed(value: Any, kind: type[_T], place: str) -> _T:
    if not isinstance(value, kind):
        name = {"list": "a list", "dict": "an object"}[kind.__name__]
        raise DataError(f"{place}: must be {name}, got {reprlib.repr(value)}")
    return value


def _named(entry: dict[str, Any], key: str, names: Mapping[str | int, _T]) -> _T:
    value = entry.get(key)
    if isinstance(value, str) and value not in names and key.startswith("image") and len(value) <= LONGEST_PATH:
        value = next((name for name in _ids_of_path(value) if name in names), value)
    if isinstance(value, bool) or not isinstance(value, str | int) or value not in names:
        raise DataError(f"unknown {key}, got {reprlib.repr(entry.get(key))}")
    return names[value]


def _ids_of_path(path: str) -> Iterator[str]:
    """Yield the ids that an image with this path can have, those with more of its folders first."""
    whole = PurePath(normal(path))
    parts = (whole.with_suffix("") if whole.suffix.lower() in IMAGE_SUFFIXES else whole).parts
    yield from ("/".join(parts[start:]) for start in range(len(parts)))


def _box(entry: dict[str, Any], coco: bool) -> list[float]:
    """Return the box as outer edges."""
    key = "bbox" if coco else "box"
    box = entry.get(key)
    if not isinstance(box, list) or len(box) != 4 or not all(_is_number(edge, LARGEST_EDGE) for edge in box):
        raise DataError(f"{key} must be 4 finite numbers, got {reprlib.repr(box)}")
    x1, y1, x2, y2 = (box[0], box[1], box[0] + box[2], box[1] + box[3]) if coco else box
    if x2 < x1 or y2 < y1:
        raise DataError(f"{key} must not have a negative width or height, got {reprlib.repr(box)}")
    return [x1, y1, x2, y2]


def _score(entry: dict[str, Any]) -> float:
    score = entry.get("score")
    if not _is_number(score, sys.float_info.max):
        raise DataError(f"score must be a finite number, got {reprlib.repr(score)}")
    return float(score)  # type: ignore[arg-type]


def _is_number(value: Any, largest: float) -> bool:
    """Return whether a value of JSON is a number of at most this size; NaN is not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= largest


def _arrays(found: list[_Found]) -> Detections:
    boxes, labels, scores = zip(*found, strict=True) if found else ((), (), ())
    return {
        "boxes": np.array(boxes, np.float32).reshape(-1, 4),
        "labels": np.array(labels, np.int64),
        "scores": np.array(scores, np.float64),
    }
