"""VOC's files without a devkit: one folder, two folders, folders of splits."""

from pathlib import Path

import pytest

from sppnet.data import VOC, VOC_CLASSES, DataError, DataSet, open_data, splits
from sppnet.data.formats.voc.xml_files import VOCFiles

from ..drawn import held, picture, write

DOG = ("dog", (1.0, 2.0, 10.0, 12.0), True, False)  # of VOC's 2, 3, 10, 12


def annotation(name: str = "dog", size: tuple[int, int] = (20, 30)) -> str:
    return (
        f"<annotation><size><width>{size[0]}</width><height>{size[1]}</height></size><object><name>{name}</name>"
        "<difficult>1</difficult><bndbox><xmin>2</xmin><ymin>3</ymin><xmax>10</xmax><ymax>12</ymax></bndbox>"
        "</object></annotation>"
    )


def add(images: Path, annotations: Path, name: str = "a", label: str = "dog") -> None:
    picture(images / f"{name}.png")
    write(annotations / f"{name}.xml", annotation(label))


@pytest.mark.parametrize(
    ("images", "annotations", "reader"),
    [
        (".", ".", VOCFiles),
        ("images", "annots", VOCFiles),
        ("images", "annotations", VOC),
        ("images", "Annotations", VOC),
    ],
)
def test_images_and_annotations_in_one_folder_or_two(
    tmp_path: Path, images: str, annotations: str, reader: type[DataSet]
) -> None:
    add(tmp_path / images, tmp_path / annotations)

    data = open_data(tmp_path)

    assert type(data) is reader
    assert held(data) == {"a": [DOG]}
    assert (data.classes, splits(tmp_path)) == (VOC_CLASSES, [])


def test_folders_of_splits(tmp_path: Path) -> None:
    add(tmp_path / "train", tmp_path / "train", "a", "wolf")
    add(tmp_path / "valid" / "images", tmp_path / "valid" / "annotations", "b", "fox")

    assert splits(tmp_path) == ["train", "valid"]
    data = open_data(tmp_path, "valid")
    assert (data.ids, data.split) == (["b"], "valid")
    assert data.classes == ("fox", "wolf")  # of both splits, so that labels agree


def test_pictures_without_annotation_are_no_part_of_it_and_that_is_said(tmp_path: Path) -> None:
    add(tmp_path, tmp_path)
    picture(tmp_path / "b.png")

    data = open_data(tmp_path)

    assert data.ids == ["a"]
    assert data.notes == ["1 images without XML file are left out"]


def test_an_annotation_without_picture_is_an_error_or_is_dropped(tmp_path: Path) -> None:
    add(tmp_path, tmp_path)
    write(tmp_path / "b.xml", annotation())

    with pytest.raises(DataError, match=r"b\.xml: no such image .*b\.jpg"):
        open_data(tmp_path)
    data = open_data(tmp_path, strict=False)
    assert (data.ids, data.dropped, len(data.problems)) == (["a"], ["b"], 1)


def test_a_broken_annotation_is_an_error_or_is_dropped(tmp_path: Path) -> None:
    add(tmp_path, tmp_path)
    picture(tmp_path / "b.png")
    write(tmp_path / "b.xml", annotation().replace("<xmin>2", "<xmin>two"))
    picture(tmp_path / "c.png")
    write(tmp_path / "c.xml", "<annotation>")

    with pytest.raises(DataError, match=r"b\.xml: object 1 \(dog\): xmin must be a number, got 'two'"):
        open_data(tmp_path)
    data = open_data(tmp_path, strict=False)
    assert held(data) == {"a": [DOG], "b": []}
    assert data.dropped == ["c"]


def test_a_turned_picture_is_named_when_it_is_read(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", (20, 30), orientation=6)
    write(tmp_path / "a.xml", annotation())

    with pytest.raises(DataError, match=r"a\.xml: size must be that of the upright picture, 30 x 20 pixels"):
        open_data(tmp_path).image(0)
