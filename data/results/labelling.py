"""Formats that labelling tools open, a file for each image: VOC's XML, YOLO's text and LabelMe's JSON.

Boxes become what a person would have drawn, so that they can be corrected and learned from; scores stay behind, but
for LabelMe, which shows them.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any
from xml.etree import ElementTree

from .folder import Results
from .writer import Write

VOC_FOLDER, YOLO_FOLDER, LABELME_FOLDER = "Annotations", "labels", "labelme"
LABELME_VERSION = "5.0.0"  # of the format: the first with all that is written here


@contextmanager
def voc_annotations(results: Results, classes: Sequence[str]) -> Iterator[Write]:
    """Give what writes `Annotations/NAME.xml`: whole pixels, counted from 1, the last one inside."""

    def write(name: str, record: dict[str, Any]) -> None:
        root = ElementTree.Element("annotation")
        _children(root, {"folder": PurePath(record["image"]).parent.name, "filename": PurePath(record["image"]).name})
        _children(root, {"path": record["image"]})
        _children(_child(root, "source"), {"database": "Unknown"})
        _children(_child(root, "size"), {"width": record["width"], "height": record["height"], "depth": 3})
        _children(root, {"segmented": 0})
        for found in record["detections"]:
            element = _child(root, "object")
            _children(element, {"name": found["label"], "pose": "Unspecified", "truncated": 0, "difficult": 0})
            corners = _pixels(found["box"], record["width"], record["height"])
            _children(_child(element, "bndbox"), dict(zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True)))
        ElementTree.indent(root, "\t")
        results.write(f"{VOC_FOLDER}/{name}.xml", ElementTree.tostring(root, "utf-8", xml_declaration=False) + b"\n")

    yield write


@contextmanager
def yolo_labels(results: Results, classes: Sequence[str]) -> Iterator[Write]:
    """Give what writes `labels/NAME.txt`: class, centre, width and height as parts of the image, a line.

    Classes are numbered from 0, in the order of `labels/classes.txt`.
    """
    results.write(f"{YOLO_FOLDER}/classes.txt", "".join(f"{name}\n" for name in classes).encode())

    def write(name: str, record: dict[str, Any]) -> None:
        width, height = record["width"], record["height"]
        lines = []
        for found in record["detections"]:
            x1, y1, x2, y2 = found["box"]
            parts = (x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height
            lines.append(f"{classes.index(found['label'])} " + " ".join(f"{part:.6f}" for part in parts) + "\n")
        results.write(f"{YOLO_FOLDER}/{name}.txt", "".join(lines).encode())

    yield write


@contextmanager
def labelme_files(results: Results, classes: Sequence[str]) -> Iterator[Write]:
    """Give what writes `labelme/NAME.json`: two corners of a rectangle, and the way to the image from that file."""

    def write(name: str, record: dict[str, Any]) -> None:
        shapes = [
            {
                "label": found["label"],
                "points": [found["box"][:2], found["box"][2:]],
                "group_id": None,
                "description": f"{found['score']:.2f}",
                "shape_type": "rectangle",
                "flags": {},
            }
            for found in record["detections"]
        ]
        content = {
            "version": LABELME_VERSION,
            "flags": {},
            "shapes": shapes,
            "imagePath": _way(record["image"], results.folder / LABELME_FOLDER / name),
            "imageData": None,
            "imageHeight": record["height"],
            "imageWidth": record["width"],
        }
        results.write(f"{LABELME_FOLDER}/{name}.json", (json.dumps(content, indent=2) + "\n").encode())

    yield write


def _pixels(box: Sequence[float], width: int, height: int) -> list[int]:
    """Return the first and the last whole pixel of a box along each side, counted from 1; at least one is inside."""
    corners = []
    for low, high, length in ((box[0], box[2], width), (box[1], box[3], height)):
        first = min(max(round(low), 0), length - 1) + 1
        corners.append((first, min(max(round(high), first), length)))
    (left, right), (top, bottom) = corners
    return [left, top, right, bottom]


def _way(image: str, file: Path) -> str:
    """Return the path of an image as seen from beside a file; an address stays as it is."""
    if "://" in image:
        return image
    folder, name = os.path.split(image)
    return os.path.join(os.path.relpath(os.path.realpath(folder), os.path.realpath(file.parent)), name)


def _child(parent: ElementTree.Element, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, name)


def _children(parent: ElementTree.Element, texts: dict[str, Any]) -> None:
    for name, text in texts.items():
        _child(parent, name).text = str(text)
