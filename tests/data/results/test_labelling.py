"""What labelling tools open: hand-computed boxes, and the way back through readers."""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from sppnet.data import VOC
from tests.data.results.records import COW, DOG, record, written


def corners(text: str) -> list[list[int]]:
    boxes = ElementTree.fromstring(text).findall("object/bndbox")
    return [[int(box.findtext(side) or "") for side in ("xmin", "ymin", "xmax", "ymax")] for box in boxes]


def test_voc_boxes_are_whole_pixels_counted_from_1_with_the_last_one_inside(tmp_path: Path) -> None:
    text = written("voc", tmp_path)["Annotations/street.xml"]

    root = ElementTree.fromstring(text)
    assert corners(text) == [[11, 21, 60, 80], [101, 1, 160, 120]]
    assert [root.findtext(path) for path in ("folder", "filename", "path")] == [
        "photos",
        "street.png",
        "photos/street.png",
    ]
    assert [root.findtext(f"size/{side}") for side in ("width", "height", "depth")] == ["160", "120", "3"]
    assert [element.findtext("name") for element in root.findall("object")] == ["dog", "cow"]


@pytest.mark.parametrize(
    ("box", "pixels"),
    [
        ([3.4, 3.4, 3.6, 3.6], [4, 4, 4, 4]),
        ([159.9, 119.9, 160.0, 120.0], [160, 120, 160, 120]),
        ([0.0, 0.0, 0.1, 0.1], [1, 1, 1, 1]),
    ],
)
def test_a_box_of_less_than_a_pixel_keeps_one(tmp_path: Path, box: list[float], pixels: list[int]) -> None:
    files = written("voc", tmp_path, {"a": record("a.png", DOG | {"box": box})})

    assert corners(files["Annotations/a.xml"]) == [pixels]


def test_our_reader_finds_the_boxes_of_voc_annotations_again(tmp_path: Path) -> None:
    written("voc", tmp_path, {"a": record("a.png", DOG | {"box": [10.0, 20.0, 60.0, 80.0]}, COW), "b": record("b.png")})
    (tmp_path / "JPEGImages").mkdir()
    for name in "ab":
        Image.new("RGB", (160, 120)).save(tmp_path / "JPEGImages" / f"{name}.png")

    data = VOC(tmp_path, classes=("dog", "cow"))

    np.testing.assert_array_equal(data.target(0)["boxes"], [[10, 20, 60, 80], [100, 0, 160, 120]])
    assert (data.target(0)["labels"].tolist(), len(data.target(1)["labels"])) == ([0, 1], 0)


def test_yolo_boxes_are_centre_and_size_as_parts_of_the_image(tmp_path: Path) -> None:
    files = written("yolo", tmp_path)

    assert files == {
        "labels/classes.txt": "dog\ncow\n",
        "labels/street.txt": "0 0.220312 0.416667 0.315625 0.500000\n1 0.812500 0.500000 0.375000 1.000000\n",
        "labels/sky.txt": "",
    }


def test_labelme_finds_the_image_from_its_file(tmp_path: Path) -> None:
    files = written("labelme", tmp_path / "out", {"cam/a": record(str(tmp_path / "photos" / "a.png"), DOG)})

    content = json.loads(files["labelme/cam/a.json"])
    [shape] = content["shapes"]
    assert content["imagePath"] == "../../../photos/a.png"
    assert (content["imageWidth"], content["imageHeight"], content["imageData"]) == (160, 120, None)
    assert (shape["label"], shape["shape_type"], shape["points"]) == ("dog", "rectangle", [[10, 20], [60.5, 80]])


def test_labelme_keeps_the_address_of_an_image_from_the_web(tmp_path: Path) -> None:
    files = written("labelme", tmp_path, {"a": record("https://example.org/a.png")})

    assert json.loads(files["labelme/a.json"])["imagePath"] == "https://example.org/a.png"
