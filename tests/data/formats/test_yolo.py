"""YOLO's labels: shares of the sides become pixels, outlines boxes; where labels lie; what is wrong with a line."""

from pathlib import Path

import pytest

from sppnet.data import DataError, open_data, splits
from sppnet.data.formats.yolo import YOLO, label_file

from .drawn import TURNED, held, picture, write

SETTINGS = "train: images/train\nval: images/val\nnames: [ant, no]\n"
LINE = "1 0.5 0.5 0.5 0.2\n"  # of 20 x 30 pixels: 10 wide and 6 high around (10, 15)
BOX = ("no", (5.0, 12.0, 15.0, 18.0), False, False)


def add(root: Path, name: str = "a", labels: str | None = LINE, split: str = "train") -> None:
    picture(root / "images" / split / f"{name}.png")
    if labels is not None:
        write(root / "labels" / split / f"{name}.txt", labels)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a data set of two splits and one image."""
    write(tmp_path / "data.yaml", SETTINGS)
    add(tmp_path)
    return tmp_path


def test_shares_of_the_sides_become_edges_in_pixels(root: Path) -> None:
    data = open_data(root, "train")

    assert type(data) is YOLO
    assert held(data) == {"a": [BOX]}
    assert (data.classes, splits(root)) == (("ant", "no"), ["train", "val"])
    assert open_data(root / "data.yaml", "train").ids == ["a"]


def test_an_image_without_labels_is_background(root: Path) -> None:
    add(root, "b", labels=None)
    add(root, "c", labels="\n")

    assert held(open_data(root, "train")) == {"a": [BOX], "b": [], "c": []}


def test_an_outline_is_the_box_around_it_and_that_is_said(root: Path) -> None:
    add(root, labels="0 0.25 0.5 0.5 0.1 0.75 0.9\n")

    data = open_data(root, "train")

    assert held(data) == {"a": [("ant", (5.0, 3.0, 15.0, 27.0), False, False)]}
    assert data.notes == ["1 outlines (segments) are read as the boxes around them"]


def test_numbers_after_a_box_are_passed_over_where_they_are_keypoints(root: Path) -> None:
    write(root / "data.yaml", SETTINGS + "kpt_shape: [1, 3]\n")
    add(root, labels=LINE.strip() + " 0.5 0.5 2\n")

    assert held(open_data(root, "train")) == {"a": [BOX]}


def test_a_turned_picture_is_taken_upright(root: Path) -> None:
    picture(root / "images" / "train" / "a.png", (30, 20), orientation=TURNED)

    assert held(open_data(root, "train")) == {"a": [BOX]}
    assert open_data(root, "train").image(0).shape == (30, 20, 3)


def test_images_and_labels_side_by_side(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    write(tmp_path / "a.txt", LINE)
    write(tmp_path / "classes.txt", "ant\nno\n")

    assert held(open_data(tmp_path)) == {"a": [BOX]}


def test_images_labels_and_a_list_of_classes(tmp_path: Path) -> None:
    add(tmp_path, split=".")
    write(tmp_path / "classes.txt", "ant\nno\n")

    assert splits(tmp_path) == []
    assert held(open_data(tmp_path)) == {"a": [BOX]}


def test_images_may_be_listed(root: Path) -> None:
    add(root, "b")
    write(root / "data.yaml", SETTINGS.replace("images/train", "few.txt"))
    write(root / "few.txt", "./images/train/b.png\n\n")

    assert open_data(root, "train").ids == ["b"]


def test_images_in_both_splits_are_there_once_if_all_are_wanted(root: Path) -> None:
    write(root / "data.yaml", SETTINGS.replace("images/val", "images/train"))

    assert open_data(root).ids == ["a"]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("2 0.5 0.5 0.5 0.2", "there is no class 2, the classes are"),
        ("x 0.5 0.5 0.5 0.2", "each word of a line must be a number, got 'x'"),
        ("1 0.5 0.5 0.5", "a line must be a class and 4 numbers, or 3 points and more, has 3 numbers"),
        ("1 0.5 0.5 0.5 0.2 0.9", "has 5 numbers"),
        ("1 10 15 10 6", "numbers must be shares of the image's sides, at most 1, got 10 15 10 6"),
        ("1 0.5 0.5 0.5 0", "width and height must be positive"),
        ("1 0.9 0.5 0.5 0.2", r"\(no\): the box must lie inside the image of 20 x 30 pixels, got x 13 to 23"),
        ("1 nan 0.5 0.5 0.2", "must be a number, got 'nan'"),
    ],
)
def test_a_broken_line_is_named_with_the_rule_or_left_out(root: Path, line: str, rule: str) -> None:
    add(root, labels=f"{LINE}{line}\n")

    with pytest.raises(DataError, match=rf"labels/train/a\.txt: line 2:? .*{rule}"):
        open_data(root, "train")
    data = open_data(root, "train", strict=False)
    assert held(data)["a"][0] == BOX
    assert len(data.problems) == 1


def test_labels_of_no_image_are_an_error(root: Path) -> None:
    write(root / "labels" / "train" / "b.txt", LINE)

    with pytest.raises(DataError, match=r"labels/train/b\.txt: no such image .*images/train/b\.jpg"):
        open_data(root, "train")


def test_an_image_whose_size_cannot_be_read_is_an_error_or_is_dropped(root: Path) -> None:
    add(root, "b")
    (root / "images" / "train" / "b.png").write_bytes(b"junk")

    with pytest.raises(DataError, match=r"b\.png: not a JPEG, PNG"):
        open_data(root, "train")
    assert open_data(root, "train", strict=False).dropped == ["b"]


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("d/images/train/a.jpg", "d/labels/train/a.txt"),
        ("d/train/images/a.b.jpg", "d/train/labels/a.b.txt"),
        ("images/images/a.jpg", "images/labels/a.txt"),
        ("d/train/a.jpg", "d/train/a.txt"),
    ],
)
def test_labels_lie_where_images_lie_with_one_folder_called_otherwise(image: str, label: str) -> None:
    assert label_file(Path(image)) == Path(label)
