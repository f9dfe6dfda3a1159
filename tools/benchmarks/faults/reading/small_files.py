"""The smallest files of their kinds that are read without complaint. The same arguments, the same bytes."""

import io
import json
import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..worst_inputs import COMPRESSED, MATLAB_HEADER, MATRIX, element

WIDTH, HEIGHT = 16, 12
BOXES = {"a": [[1, 2, 9, 10], [3, 1, 14, 11]], "b": [[0, 0, 8, 6]]}  # of two images: the classes are cat, dog; cat
CELLS, LETTERS, DOUBLE = 1, 4, 6


def picture(kind: str = "JPEG", mode: str = "RGB", **options: Any) -> bytes:
    """Return a small picture as a file of some kind."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    pixels = np.stack([rows * 20, columns * 15, (rows + columns) * 9], axis=2).astype(np.uint8)
    image = Image.fromarray(pixels)
    image = image.convert(mode) if mode != "I;16" else Image.fromarray(pixels[..., 0].astype(np.uint16) * 257)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def turned() -> bytes:
    """Return the tags of a picture that lies on its side."""
    tags = Image.Exif()
    tags[0x0112] = 6
    return tags.tobytes()


def run_length_bmp() -> bytes:
    """Return a BMP in run lengths."""
    codes = bytes([WIDTH, 7, 0, 0]) * HEIGHT + b"\0\1"
    header = struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, 8, 1, len(codes), 0, 0, 256, 0)
    palette = bytes(value for grey in range(256) for value in (grey, grey, grey, 0))
    return struct.pack("<2sIII", b"BM", 1078 + len(codes), 0, 1078) + header + palette + codes


def voc_xml(name: str) -> bytes:
    """Return an annotation of VOC's."""
    objects = "".join(
        f"<object><name>{kind}</name><difficult>0</difficult><bndbox><xmin>{x1 + 1}</xmin><ymin>{y1 + 1}</ymin>"
        f"<xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>\n"
        for (x1, y1, x2, y2), kind in zip(BOXES[name], ("cat", "dog"), strict=False)
    )
    size = f"<size><width>{WIDTH}</width><height>{HEIGHT}</height><depth>3</depth></size>"
    head = '<?xml version="1.0" encoding="utf-8"?>\n<annotation>'
    return f"{head}<filename>{name}.jpg</filename>{size}\n{objects}</annotation>\n".encode()


def coco_json(*, scores: bool = False) -> bytes:
    """Return a data set in COCO's format, or one of detections."""
    images = [
        {"id": number, "file_name": f"{name}.jpg", "width": WIDTH, "height": HEIGHT}
        for number, name in enumerate(BOXES, 1)
    ]
    annotations: list[dict[str, Any]] = []
    for number, boxes in enumerate(BOXES.values(), 1):
        for category, (x1, y1, x2, y2) in enumerate(boxes, 1):
            entry = {"id": len(annotations) + 1, "image_id": number, "category_id": category, "iscrowd": 0}
            annotations.append(entry | {"bbox": [x1, y1, x2 - x1, y2 - y1]} | ({"score": 0.5} if scores else {}))
    categories = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    return as_json({"images": images, "annotations": annotations, "categories": categories})


def yolo_labels(name: str) -> bytes:
    """Return an image's labels in YOLO's format."""
    lines = [
        f"{label} {(x1 + x2) / 2 / WIDTH} {(y1 + y2) / 2 / HEIGHT} {(x2 - x1) / WIDTH} {(y2 - y1) / HEIGHT}\n"
        for label, (x1, y1, x2, y2) in enumerate(BOXES[name])
    ]
    return "".join(lines).encode()


def labelme_json(name: str) -> bytes:
    """Return an image's shapes in LabelMe's format."""
    shapes = [
        {"label": kind, "points": [[x1, y1], [x2, y2]], "shape_type": "rectangle", "flags": {"difficult": False}}
        for (x1, y1, x2, y2), kind in zip(BOXES[name], ("cat", "dog"), strict=False)
    ]
    return as_json({"shapes": shapes, "imagePath": f"{name}.jpg", "imageWidth": WIDTH, "imageHeight": HEIGHT})


def table() -> bytes:
    """Return boxes as lines with commas."""
    lines = [
        f"{name}.jpg,{x1},{y1},{x2},{y2},{kind},{WIDTH},{HEIGHT},0\n"
        for name, boxes in BOXES.items()
        for (x1, y1, x2, y2), kind in zip(boxes, ("cat", "dog"), strict=False)
    ]
    return "".join(["image,xmin,ymin,xmax,ymax,class,width,height,difficult\n", *lines]).encode()


def detections(form: str) -> bytes:
    """Return detections as an object for each, COCO's results, records of images, or a line for each of these."""
    if form == "coco":
        return as_json([{"image_id": "a", "category_id": 1, "bbox": [1, 2, 8, 8], "score": 0.9}] * 2)
    found = [{"label": "cat", "box": box, "score": 0.9, "margin": 1.5} for box in BOXES["a"]]
    if form == "list":
        return as_json([{"image": "a", **one} for one in found])
    records = [{"image": f"{name}.jpg", "width": WIDTH, "height": HEIGHT, "detections": found} for name in BOXES]
    return as_json({"images": records}) if form == "records" else b"".join(as_json(one) + b"\n" for one in records)


def matlab(*, packed: bool = False) -> bytes:
    """Return windows in a MATLAB file."""
    boxes = [_numbers(np.array(windows, np.float64)[:, [1, 0, 3, 2]] + [1, 1, 0, 0]) for windows in BOXES.values()]
    names = [_matrix(LETTERS, (1, len(name)), b"", element(16, name.encode())) for name in BOXES]
    variables = _matrix(CELLS, (1, 2), b"boxes", *boxes), _matrix(CELLS, (1, 2), b"images", *names)
    if packed:
        pieces = [zlib.compress(one) for one in variables]
        variables_of = [struct.pack("<II", COMPRESSED, len(one)) + one for one in pieces]
        return MATLAB_HEADER + b"".join(variables_of)
    return MATLAB_HEADER + b"".join(variables)


def as_json(content: Any) -> bytes:
    """Return a text of JSON."""
    return json.dumps(content).encode()


def _numbers(array: npt.NDArray[np.float64]) -> bytes:
    return _matrix(DOUBLE, array.shape, b"", element(9, array.tobytes(order="F")))


def _matrix(kind: int, shape: tuple[int, ...], name: bytes, *content: bytes) -> bytes:
    parts = (6, struct.pack("<II", kind, 0)), (5, struct.pack(f"<{len(shape)}i", *shape)), (1, name)
    return element(MATRIX, b"".join([*(element(*part) for part in parts), *content]))
