"""COCO's JSON: where files lie, exact boxes, crowds, numbers, and what is wrong with a file."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import coco

from sppnet.data import DataError, open_data, splits
from sppnet.data.formats.coco import COCO

from .drawn import held, picture

CATEGORIES = [{"id": 7, "name": "zebra"}, {"id": 3, "name": "ant"}]
IMAGES = [
    {"id": 11, "file_name": "a.png", "width": 20, "height": 30},
    {"id": 5, "file_name": "b.png", "width": 20, "height": 30},
]
OBJECTS = [
    {"id": 1, "image_id": 11, "category_id": 7, "bbox": [1, 2.5, 9, 10.25], "iscrowd": 0, "area": 92.25},
    {"id": 2, "image_id": 11, "category_id": 3, "bbox": [0, 0, 20, 30], "iscrowd": 1, "area": 600},
    {"id": 3, "image_id": 11, "category_id": 3, "bbox": [3, 3, 4, 4], "ignore": 1, "iscrowd": 0, "area": 16},
]


def content(**changes: Any) -> str:
    return json.dumps({"info": {}, "categories": CATEGORIES, "images": IMAGES, "annotations": OBJECTS, **changes})


def add(file: Path, folder: Path, **changes: Any) -> Path:
    for name in ("a.png", "b.png"):
        picture(folder / name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content(**changes))
    return file


def test_corners_are_edges_and_crowds_are_difficult(tmp_path: Path) -> None:
    data = open_data(add(tmp_path / "some.json", tmp_path))

    assert type(data) is COCO
    assert held(data) == {
        "a": [
            ("zebra", (1.0, 2.5, 10.0, 12.75), False, False),
            ("ant", (0.0, 0.0, 20.0, 30.0), True, True),
            ("ant", (3.0, 3.0, 7.0, 7.0), True, False),
        ],
        "b": [],  # background
    }


def test_numbers_are_kept_and_order_the_classes(tmp_path: Path) -> None:
    data = open_data(add(tmp_path / "some.json", tmp_path))

    assert data.classes == ("ant", "zebra")
    assert (data.category_ids, data.image_ids) == ({"ant": 3, "zebra": 7}, {"a": 11, "b": 5})


@pytest.mark.parametrize(
    ("file", "images", "found"),
    [
        ("annotations/instances_train2017.json", "train2017", ["train2017"]),
        ("annotations/instances_val.json", "images/val", ["val"]),
        ("annotations/instances_default.json", "images", ["default"]),
        ("annotations/train.json", ".", ["train"]),
        ("train/_annotations.coco.json", "train", ["train"]),
        ("annotations.json", "images", []),
        ("val.json", "val", ["val"]),
    ],
)
def test_files_and_images_may_lie_in_several_places(tmp_path: Path, file: str, images: str, found: list[str]) -> None:
    add(tmp_path / file, tmp_path / images)

    assert splits(tmp_path) == found
    data = open_data(tmp_path, *found)
    assert data.image(0).shape == (30, 20, 3)
    assert open_data(tmp_path / file).image(1).shape == (30, 20, 3)


def test_instances_are_taken_where_captions_lie_beside_them(tmp_path: Path) -> None:
    add(tmp_path / "annotations" / "instances_val2017.json", tmp_path / "val2017")
    (tmp_path / "annotations" / "captions_val2017.json").write_text(content())

    assert splits(tmp_path) == ["val2017"]


def test_it_reads_what_pycocotools_reads(tmp_path: Path) -> None:
    file = add(tmp_path / "some.json", tmp_path)
    with contextlib.redirect_stdout(io.StringIO()):
        reference = coco.COCO(str(file))
    data = open_data(file)

    for number, image in ((data.image_ids[id_], id_) for id_ in data.ids):
        records = reference.loadAnns(reference.getAnnIds(imgIds=[number]))
        target = data.target(data.ids.index(image))
        boxes = np.array([record["bbox"] for record in records]).reshape(-1, 4)
        np.testing.assert_array_equal(target["boxes"], np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]]))
        names = [reference.cats[record["category_id"]]["name"] for record in records]
        assert [data.classes[label] for label in target["labels"]] == names
        assert target["crowd"].tolist() == [bool(record["iscrowd"]) for record in records]


def test_categories_of_one_name_are_one_class(tmp_path: Path) -> None:
    categories = [{"id": 0, "name": "ant", "supercategory": "none"}, *CATEGORIES]

    data = open_data(add(tmp_path / "some.json", tmp_path, categories=categories))

    assert data.category_ids == {"ant": 3, "zebra": 7}
    assert data.notes == ["1 categories have the name of another: they are one class"]


def test_outlines_are_said_to_be_passed_over(tmp_path: Path) -> None:
    outlined = [{**OBJECTS[0], "segmentation": [[1, 2, 3, 4, 5, 6]]}]

    data = open_data(add(tmp_path / "some.json", tmp_path, annotations=outlined))

    assert data.notes == ["1 objects have outlines (segmentation): only their boxes are read"]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"categories": None}, "categories must be a list, got None"),
        ({"categories": [{"id": "1", "name": "ant"}]}, "category number 1: id must be a whole number, got '1'"),
        ({"categories": [*CATEGORIES, {"id": 3, "name": "bee"}]}, "category number 3: the id 3 must be used once"),
        ({"images": [{"id": 1}]}, "image number 1: file_name must be text, got None"),
        ({"images": [{**IMAGES[0], "file_name": "../a.png"}]}, "must be a path inside the data set, got '../a.png'"),
        ({"images": [{**IMAGES[0], "file_name": "/etc/passwd"}]}, "must be a path inside the data set"),
        ({"images": [{**IMAGES[0], "width": -1}]}, "image number 1: width must be positive, got -1"),
        (
            {"images": [IMAGES[0], {**IMAGES[0], "id": 12}], "annotations": []},
            "image 'a' must be listed once, and is 2 times",
        ),
        ({"images": [IMAGES[0], {**IMAGES[1], "id": 11}]}, "image number 2: the id 11 must be used once"),
        ({"annotations": [3]}, "annotation number 1: an annotation must be an object, got 3"),
        ({"annotations": [{**OBJECTS[0], "image_id": 8}]}, "annotation 1: there is no image with the id 8"),
        ({"annotations": [{**OBJECTS[0], "category_id": 1}]}, "annotation 1: there is no category with the id 1"),
        ({"annotations": [{**OBJECTS[0], "category_id": [7]}]}, "annotation 1: category_id must be a whole number"),
        ({"annotations": [{**OBJECTS[0], "bbox": [1, 2, 3]}]}, r"\(zebra\): bbox must be x, y, width and height, got"),
        ({"annotations": [{**OBJECTS[0], "bbox": [1, 2, 3, "x"]}]}, r"\(zebra\): bbox must be a number, got 'x'"),
        ({"annotations": [{**OBJECTS[0], "bbox": [1, 2, 0, 3]}]}, r"\(zebra\): width and height must be positive"),
        ({"annotations": [{**OBJECTS[0], "bbox": [9, 2, 90, 3]}]}, "inside the image of 20 x 30 pixels, got x 9 to 99"),
    ],
)
def test_a_broken_file_is_named_with_the_rule(tmp_path: Path, changes: dict[str, Any], rule: str) -> None:
    file = add(tmp_path / "some.json", tmp_path, **changes)

    with pytest.raises(DataError, match=rf"some\.json.*{rule}|{rule}"):
        open_data(file)


def test_what_is_broken_is_left_out_on_request(tmp_path: Path) -> None:
    file = add(tmp_path / "some.json", tmp_path, annotations=[{**OBJECTS[0], "bbox": [9, 2, 90, 3]}, OBJECTS[1]])
    (tmp_path / "b.png").unlink()

    data = open_data(file, strict=False)

    assert held(data)["a"][0] == ("zebra", (9.0, 2.0, 20.0, 5.0), False, False)
    assert data.dropped == ["b"]
    assert [problem.rpartition(" ")[2] for problem in data.problems] == ["clipped", "dropped"]


def test_detections_are_no_annotations(tmp_path: Path) -> None:
    (tmp_path / "found.json").write_text(json.dumps({"images": [{"image": "a", "detections": []}]}))

    assert not COCO.recognises(tmp_path)
