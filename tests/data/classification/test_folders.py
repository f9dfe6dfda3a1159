"""Tests of folders of classes: what is found, in which order, and what is no such data set."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sppnet.data import ClassFolders, DataError, DataWarning, ImageError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two images of dogs, one of a cat."""
    for number, name in enumerate(("dog/b.png", "dog/a.JPG", "cat/c.png")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("L", (5, 4), 50 * number).save(tmp_path / name)
    return tmp_path


def test_images_come_by_class_and_name_with_their_labels(root: Path) -> None:
    data = ClassFolders(root)

    assert data.classes == ("cat", "dog")
    assert [data.image_path(i).name for i in range(len(data))] == ["c.png", "a.JPG", "b.png"]
    assert [data.label(i) for i in range(len(data))] == [0, 1, 1]


def test_an_example_is_pixels_and_a_label(root: Path) -> None:
    pixels, label = ClassFolders(root)[0]

    assert label == 0
    np.testing.assert_array_equal(pixels, np.full((4, 5, 3), 100, np.uint8))


def test_hidden_and_other_files_are_passed_over(root: Path) -> None:
    (root / ".cache").mkdir()
    (root / "__MACOSX").mkdir()
    (root / "read.me").write_text("")
    (root / "dog" / "notes.txt").write_text("")
    (root / "dog" / "._a.jpg").write_bytes(b"")

    assert len(ClassFolders(root)) == 3


def test_images_in_folders_inside_class_folders_are_left_out_and_said(root: Path) -> None:
    (root / "dog" / "more").mkdir()
    Image.new("L", (5, 4)).save(root / "dog" / "more" / "d.png")

    with pytest.warns(DataWarning, match=r"dog: the images in folders inside it are left out \(1\)"):
        assert len(ClassFolders(root)) == 3


def test_a_class_with_images_only_in_folders_inside_is_refused(root: Path) -> None:
    (root / "all").mkdir()
    (root / "dog").rename(root / "all" / "dog")

    with pytest.raises(DataError, match=r"all: must hold images .* and holds those in folders inside it \(2\)"):
        ClassFolders(root)


def test_an_accent_in_a_class_is_one_however_it_is_written(root: Path) -> None:
    (root / "cat").rename(root / "be\u0301be\u0301")

    assert ClassFolders(root).classes == ("b\u00e9b\u00e9", "dog")
    assert ClassFolders(root, classes=("dog", "be\u0301be\u0301")).label(0) == 1


def test_classes_can_be_given_in_another_order_and_without_images(root: Path) -> None:
    data = ClassFolders(root, classes=("dog", "bird", "cat"))

    assert [data.label(i) for i in range(len(data))] == [2, 0, 0]


def test_a_folder_that_is_none_of_the_classes_is_named(root: Path) -> None:
    with pytest.raises(DataError, match=r"dog: unknown class, the classes are cat, bird"):
        ClassFolders(root, classes=("cat", "bird"))


def test_a_class_without_images_is_refused(root: Path) -> None:
    (root / "bird").mkdir()

    with pytest.raises(DataError, match=r"bird: must hold images .* and holds none"):
        ClassFolders(root)


@pytest.mark.parametrize(
    ("name", "message"), [("nowhere", "there is no such folder"), ("dog", "must hold a folder of images for each")]
)
def test_other_folders_are_no_data_set(root: Path, name: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        ClassFolders(root / name)


def test_a_broken_image_is_named_when_it_is_read(root: Path) -> None:
    (root / "cat" / "c.png").write_bytes(b"")

    with pytest.raises(ImageError, match=r"c\.png"):
        ClassFolders(root)[0]
