"""Tests of which labelled images a command works on."""

from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from PIL import Image

from sppnet.data import DataError
from sppnet.tools.command.inputs.labelled import open_labelled
from sppnet.tools.command.shapes import CLASSES, write_shapes

USUAL: dict[str, Any] = {
    "split": None, "usual": "train", "limit": None, "context": 1.5, "background": 0, "lenient": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shapes")
    write_shapes(folder, train=8, val=2, seed=1)
    return folder


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Ten images of cats, then ten of dogs."""
    for number in range(20):
        file = tmp_path / "pets" / ("cat", "dog")[number // 10] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (5, 4)).save(file)
    return tmp_path / "pets"


def test_images_come_from_folders_named_after_their_classes(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images, left_out = open_labelled(folders, "folders", **USUAL)

    assert (len(images), images.classes, left_out) == (20, ("cat", "dog"), False)
    assert "pets: 20 images of 2 classes" in capsys.readouterr().err


def test_images_of_a_voc_folder_have_labels_of_all_classes(shapes: Path) -> None:
    images, _ = open_labelled(shapes, "image", **USUAL)

    assert len(images) == 8
    assert images.label(0).shape == (4,)


def test_objects_of_a_voc_folder_have_one_label(shapes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images, _ = open_labelled(shapes, "objects", **{**USUAL, "background": 1})

    assert images.classes == (*CLASSES, "background")
    assert [images.label(number) for number in range(len(images))].count(4) == 8
    assert f"{len(images)} objects of 5 classes" in capsys.readouterr().err


def test_the_background_of_a_model_is_no_class_of_the_annotations(shapes: Path) -> None:
    images, _ = open_labelled(shapes, "objects", **USUAL, classes=(*CLASSES, "background"))

    assert images.classes == CLASSES


def test_a_limit_takes_images_of_all_classes(folders: Path) -> None:
    images, _ = open_labelled(folders, "folders", **{**USUAL, "limit": 4})

    assert [images.label(number) for number in range(len(images))] == [0, 0, 1, 1]
    assert images[3][1] == 1


def test_a_limit_above_their_number_takes_all(folders: Path) -> None:
    assert len(open_labelled(folders, "folders", **{**USUAL, "limit": 100})[0]) == 20


def test_a_broken_image_is_left_out_of_a_lenient_run(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folders / "cat" / "3.png").write_bytes(b"")

    images, left_out = open_labelled(folders, "folders", **{**USUAL, "lenient": True})

    assert (len(images), left_out) == (19, True)
    assert "skipped: " in capsys.readouterr().err
    np.testing.assert_array_equal([images.label(number) for number in range(19)], [0] * 9 + [1] * 10)


def test_nothing_left_out_of_a_lenient_run_is_no_gap(folders: Path) -> None:
    assert not open_labelled(folders, "folders", **{**USUAL, "lenient": True})[1]


def test_nothing_but_broken_images_are_refused(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "1.png").write_bytes(b"")

    with pytest.raises(DataError, match="none of the images can be read"):
        open_labelled(tmp_path, "folders", **{**USUAL, "lenient": True})


@pytest.mark.parametrize(
    ("labels", "change", "message"),
    [
        ("folders", {"split": "val"}, "--split is for annotated data sets"),
        ("image", {"background": 1}, "--background is for"),
    ],
)
def test_options_of_other_labels_are_wrong_usage(
    shapes: Path, labels: str, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(click.UsageError, match=message):
        open_labelled(shapes, labels, **{**USUAL, **change})
