"""LabelMe's JSON: corners in any order, flags, outlines, and what is wrong with a file."""

import json
from pathlib import Path
from typing import Any

import pytest

from sppnet.data import VOC_CLASSES, DataError, open_data, splits
from sppnet.data.formats.labelme import LabelMe

from .drawn import held, picture, write

RECTANGLE = {"label": "dog", "points": [[10.5, 12], [1, 2]], "shape_type": "rectangle", "flags": {}}
BOX = ("dog", (1.0, 2.0, 10.5, 12.0), False, False)


def content(*shapes: Any, **changes: Any) -> str:
    whole: dict[str, Any] = {
        "version": "5.5.0",
        "flags": {},
        "shapes": shapes,
        "imagePath": "..\\pictures\\a.png",
        "imageData": None,
    }
    return json.dumps({**whole, "imageHeight": 30, "imageWidth": 20, **changes})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a data set of one image and one object."""
    picture(tmp_path / "a.png")
    write(tmp_path / "a.json", content(RECTANGLE))
    return tmp_path


def test_two_corners_in_any_order_are_edges(root: Path) -> None:
    data = open_data(root)

    assert type(data) is LabelMe
    assert held(data) == {"a": [BOX]}
    assert (data.classes, splits(root)) == (VOC_CLASSES, [])
    assert data.image(0).shape == (30, 20, 3)


def test_flags_say_what_is_difficult_or_a_crowd(root: Path) -> None:
    flags: list[dict[str, bool]] = [{"difficult": True}, {"crowd": True}, {"difficult": False, "torn": True}]
    write(root / "a.json", content(*({**RECTANGLE, "flags": each} for each in flags)))

    assert [thing[2:] for thing in held(open_data(root))["a"]] == [(True, False), (True, True), (False, False)]


def test_a_polygon_is_the_box_around_it_and_that_is_said(root: Path) -> None:
    points = [[3, 4], [8, 2], [5, 20]]
    write(root / "a.json", content({**RECTANGLE, "points": points, "shape_type": "polygon"}))

    data = open_data(root)

    assert held(data) == {"a": [("dog", (3.0, 2.0, 8.0, 20.0), False, False)]}
    assert data.notes == ["1 polygons are read as the boxes around them"]


def test_folders_are_splits_and_pictures_without_file_are_left_out(tmp_path: Path) -> None:
    for split, name in (("train", "a"), ("val", "b")):
        picture(tmp_path / split / f"{name}.png")
        write(tmp_path / split / f"{name}.json", content(RECTANGLE, imagePath=f"{name}.png"))
    picture(tmp_path / "val" / "c.png")

    assert splits(tmp_path) == ["train", "val"]
    data = open_data(tmp_path, "val")
    assert (data.ids, data.notes) == (["b"], ["1 images without JSON file are left out"])


def test_the_image_is_found_by_the_name_of_the_file_where_its_own_is_gone(root: Path) -> None:
    write(root / "a.json", content(RECTANGLE, imagePath="/home/them/renamed.jpg"))

    assert open_data(root).image_path(0) == root / "a.png"


@pytest.mark.parametrize(
    ("shape", "rule"),
    [
        ({"label": ""}, "an object needs a class name"),
        ({"label": None}, "label must be text, got None"),
        ({"points": [[1, 2]]}, r"\(dog\): a shape must be a rectangle or polygon, got 'rectangle' of 1 points"),
        ({"shape_type": "circle"}, r"\(dog\): a shape must be a rectangle or polygon, got 'circle' of 2 points"),
        ({"points": [[1, 2], [3]]}, r"\(dog\): points must be pairs of numbers"),
        ({"points": [[1, 2], [3, "x"]]}, r"\(dog\): y must be a number, got 'x'"),
        ({"points": [[1, 2], [1, 9]]}, r"\(dog\): width and height must be positive, got x 1 to 1"),
        ({"points": [[1, 2], [30, 9]]}, r"\(dog\): the box must lie inside the image of 20 x 30 pixels"),
    ],
)
def test_a_broken_shape_is_named_with_the_rule_or_left_out(root: Path, shape: dict[str, Any], rule: str) -> None:
    write(root / "a.json", content(RECTANGLE, {**RECTANGLE, **shape}))

    with pytest.raises(DataError, match=rf"a\.json: shape 2:? .*{rule}"):
        open_data(root)
    data = open_data(root, strict=False)
    assert held(data)["a"][0] == BOX
    assert len(data.problems) == 1


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('{"shapes": [', "no readable JSON"),
        ('{"shapes": [], "imageWidth": 0}', "width must be positive, got 0"),
        ('{"shapes": [], "imagePath": 3}', "imagePath must be text, got 3"),
        ('["shapes"]', "the content must be an object"),
    ],
)
def test_a_broken_file_is_named_once_or_left_out(root: Path, text: str, rule: str) -> None:
    picture(root / "b.png")
    write(root / "b.json", text)

    with pytest.raises(DataError, match=rf"b\.json: .*{rule}") as raised:
        open_data(root)
    assert str(raised.value).count("b.json") == 1
    assert open_data(root, strict=False).dropped == ["b"]
