"""The worst texts and models: bytes that ask for much time or memory. The same arguments, the same bytes."""

import io
import json
import struct
import zipfile
from typing import Any


def coco_objects(count: int, kind: str = "category_id") -> bytes:
    """Return a data set in COCO's format of one image, with so many objects that break a rule."""
    objects = [{"id": number, "image_id": 1, kind: 7, "bbox": [0, 0, 1]} for number in range(count)]
    return _json({"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": objects, "categories": _CATEGORIES})


def coco_images(count: int) -> bytes:
    """Return a data set in COCO's format of so many images that are not there."""
    images = [{"id": number, "file_name": f"{number}.jpg"} for number in range(count)]
    return _json({"images": images, "annotations": [], "categories": _CATEGORIES})


def table(lines: int) -> bytes:
    """Return boxes of so many images that are not there as lines with commas."""
    return b"".join(b"%d.jpg,1,1,5,5,cat\n" % number for number in range(lines))


def one_image_table(lines: int) -> bytes:
    """Return so many boxes of one image as lines with commas."""
    return b"a.jpg,1,1,5,5,cat\n" * lines


def labels(lines: int) -> bytes:
    """Return so many objects in YOLO's format."""
    return b"0 .5 .5 .1 .1\n" * lines


def outline(points: int) -> bytes:
    """Return an object in YOLO's format with an outline of so many points."""
    return b"0 " + b".1 .2 " * points


def image_list(lines: int) -> bytes:
    """Return a list of so many images that are not there."""
    return b"".join(b"%d.jpg\n" % number for number in range(lines))


def settings(names: int) -> bytes:
    """Return settings of YOLO with so many names of classes."""
    return b"train: .\nnames: [" + b",".join(b"c%d" % number for number in range(names)) + b"]\n"


def brackets(depth: int) -> bytes:
    """Return settings of YOLO whose names are lists in lists."""
    return b"train: .\nnames: " + b"[" * depth


def annotation(objects: int, size: int = 8 << 20) -> bytes:
    """Return an annotation of VOC's with so many objects, of not more than these bytes."""
    one = b"<object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>5</ymax></bndbox></object>"
    return b"<annotation>" + one * min(objects, (size - 30) // len(one)) + b"</annotation>"


def empty_elements(count: int) -> bytes:
    """Return an annotation of VOC's with so many empty elements."""
    return b"<annotation>" + b"<a/>" * count + b"</annotation>"


def attributes(count: int) -> bytes:
    """Return an annotation of VOC's with so many attributes."""
    return b"<annotation " + b" ".join(b'a%d=""' % number for number in range(count)) + b"/>"


def shapes(count: int) -> bytes:
    """Return so many shapes in LabelMe's format."""
    one = {"label": "cat", "points": [[1, 1], [5, 5]], "shape_type": "rectangle"}
    return _json({"imagePath": "a.jpg", "shapes": [one] * count})


def polygon(points: int) -> bytes:
    """Return a shape of so many points in LabelMe's format."""
    return _json({"imagePath": "a.jpg", "shapes": [{"label": "cat", "points": [[1, 2]] * points + [[5, 6]]}]})


def detections(count: int, last: Any = None) -> bytes:
    """Return so many detections, and perhaps something at the end that is none."""
    one = {"image": "a", "label": "cat", "box": [1, 1, 5, 5], "score": 0.5}
    return _json([one] * count + ([] if last is None else [last]))


def unknown_paths(folders: int, count: int) -> bytes:
    """Return so many detections in an image with a path of so many folders, which is none of the data set."""
    return _json([{"image": "x/" * folders + "a", "label": "cat", "box": [1, 1, 5, 5], "score": 0.5}] * count)


def fields(megabytes: int) -> bytes:
    """Return settings of a model with a list of so many megabytes."""
    return b'{"format": 4, "classes": [' + b'"a",' * (megabytes << 18) + b'"b"]}'


def many_tensors(count: int) -> bytes:
    """Return a file of so many tensors without values."""
    return tensors({f"t{number}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for number in range(count)})


def tensors(header: dict[str, Any], numbers: bytes = b"") -> bytes:
    """Return a file of tensors."""
    head = _json(header)
    return struct.pack("<Q", len(head)) + head + numbers


def many_members(count: int) -> bytes:
    """Return an archive of so many empty files, as weights."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number in range(count):
            archive.writestr(f"a/data/{number}", b"")
    return content.getvalue()


def many_values(count: int) -> bytes:
    """Return weights that are a list of so many numbers, pickled as torch.save does it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a/data.pkl", b"\x80\x02](" + b"K\1" * count + b"e.")
        archive.writestr("a/version", b"3\n")
    return content.getvalue()


def grown_list(doublings: int) -> bytes:
    """Return weights whose pickle doubles a tuple so often, by naming it twice: little in memory, endless to print."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(
            "a/data.pkl", b"\x80\x02)" + b"".join(b"q%c" % n + b"h%c\x86" % n for n in range(doublings)) + b"."
        )
        archive.writestr("a/version", b"3\n")
    return content.getvalue()


_CATEGORIES = [{"id": 1, "name": "cat"}]


def _json(content: Any) -> bytes:
    return json.dumps(content).encode()
