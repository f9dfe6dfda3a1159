"""Which split a command works on, and what it says of it."""

from pathlib import Path

import pytest

from sppnet.data import VOC_CLASSES
from sppnet.tools.command.inputs.splits import open_split, usual_split, validation_split
from tests.data.formats.drawn import picture, write
from tests.data.formats.voc.test_devkit import add_image


def opened(root: Path, capsys: pytest.CaptureFixture[str], names: list[str], classes: list[str] | None = None) -> str:
    """Return what is said of a data set with objects of these names."""
    add_image(root, "000001", [(name, (1, 1, 5, 5)) for name in names])
    open_split(root, None, usual="val", classes=classes, lenient=False)
    return capsys.readouterr().err


def test_the_split_and_the_number_of_images_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert opened(tmp_path, capsys, ["dog"]) == f"{tmp_path}: 1 images, all that are annotated\n"


def test_a_name_that_is_not_voc_s_among_those_that_are_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = opened(tmp_path, capsys, [*VOC_CLASSES, "persn"])

    assert said.endswith("21 classes found, not VOC's: persn\n")


@pytest.mark.parametrize(
    ("names", "classes"), [(["disc", "dog"], None), (["dog", "cat", "wolf"], ["dog", "cat", "wolf"])]
)
def test_own_classes_are_no_surprise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], names: list[str], classes: list[str] | None
) -> None:
    assert "classes found" not in opened(tmp_path, capsys, names, classes)


@pytest.mark.parametrize(
    ("known", "usual", "taken"),
    [
        (["test", "train", "val"], "train", "train"),
        (["test", "train", "val"], "val", "val"),
        (["test", "train", "valid"], "val", "valid"),
        (["test", "train"], "val", "test"),
        (["train2017", "val2017"], "val", "val2017"),
        (["trainval"], "train", None),
        (["train"], "", None),
        ([], "val", None),
    ],
)
def test_the_obvious_split_is_taken(known: list[str], usual: str, taken: str | None) -> None:
    assert usual_split(known, usual) == taken


def test_what_is_read_in_another_way_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture(tmp_path / "images" / "a.png")
    write(tmp_path / "labels" / "a.txt", "0 0.1 0.1 0.9 0.1 0.5 0.9\n")
    write(tmp_path / "classes.txt", "leaf\n")

    open_split(tmp_path, None, usual="train", lenient=False, data_format="yolo")

    assert "1 outlines (segments) are read as the boxes around them" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("names", "expected"),
    [(["train", "val"], "val"), (["valid2017", "test"], "valid2017"), (["train", "test"], None), ([], None)],
)
def test_the_split_to_choose_by_is_never_the_test_split(tmp_path: Path, names: list[str], expected: str | None) -> None:
    add_image(tmp_path, "000001", [("dog", (1, 1, 5, 5))])
    (tmp_path / "ImageSets" / "Main").mkdir(parents=True)
    for name in names:
        (tmp_path / "ImageSets" / "Main" / f"{name}.txt").write_text("000001\n")

    assert validation_split(tmp_path) == expected
