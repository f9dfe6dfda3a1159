"""Images with labels for training and testing: which rows are for what, and what is refused."""

from pathlib import Path

import click
import numpy as np
import pytest
from PIL import Image

from sppnet.data import DataError
from sppnet.tools.command.inputs.represented import folder_images, images_of_splits, mean_average_precision
from sppnet.tools.command.shapes import write_shapes
from tests.data.formats.voc.test_devkit import add_image


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    write_shapes(tmp_path, train=4, val=3)
    return tmp_path


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Three ants, then four bees, image i of grey level i."""
    for number in range(7):
        folder = tmp_path / ("ant" if number < 3 else "bee")
        folder.mkdir(exist_ok=True)
        Image.new("RGB", (5, 4), (number,) * 3).save(folder / f"{number}.png")
    return tmp_path


def test_the_images_of_both_splits_are_rows_to_train_and_to_test_with(shapes: Path) -> None:
    data = images_of_splits(shapes, "train", "val", None)

    [(train, test)] = data.splits
    assert (train.tolist(), test.tolist()) == ([0, 1, 2, 3], [4, 5, 6])
    assert data.labels.shape == (7, len(data.classes))
    assert [image.shape for image in data.images] == [(240, 320, 3)] * 7


def test_only_the_first_images_of_each_split_are_taken_on_request(shapes: Path) -> None:
    data = images_of_splits(shapes, "train", "val", 2)

    assert [rows.tolist() for rows in data.splits[0]] == [[0, 1], [2, 3]]
    np.testing.assert_array_equal(data.labels, images_of_splits(shapes, "train", "val", None).labels[[0, 1, 4, 5]])


def test_splits_with_images_in_common_are_refused(shapes: Path) -> None:
    with pytest.raises(click.UsageError, match="must differ and have 4 images in common"):
        images_of_splits(shapes, "train", "train", None)


def test_classes_are_those_of_the_images_to_train_with(tmp_path: Path) -> None:
    add_image(tmp_path, "1", [("dog", (1, 1, 5, 5))])
    add_image(tmp_path, "2", [("zebra", (1, 1, 5, 5))])
    (tmp_path / "ImageSets" / "Main").mkdir(parents=True)
    (tmp_path / "ImageSets" / "Main" / "train.txt").write_text("1\n")
    (tmp_path / "ImageSets" / "Main" / "val.txt").write_text("2\n")

    data = images_of_splits(tmp_path, "train", "val", None)

    assert data.classes == ("dog", "zebra")
    np.testing.assert_array_equal(data.labels, [[1, -1], [-1, 1]])


def test_class_folders_have_one_label_for_each_image(folders: Path) -> None:
    data = folder_images(folders, train=2, test=5, splits=3, seed=0)

    assert data.classes == ("ant", "bee")
    np.testing.assert_array_equal(data.labels, [[1, -1]] * 3 + [[-1, 1]] * 4)
    assert [int(image[0, 0, 0]) for image in data.images] == list(range(7))
    assert [(len(train), len(test)) for train, test in data.splits] == [(4, 3)] * 3


def test_class_folders_with_too_few_images_are_named(folders: Path) -> None:
    with pytest.raises(DataError, match="class 'ant': 3 images"):
        folder_images(folders, train=3, test=5, splits=3, seed=0)


def test_the_mean_is_over_the_classes_that_some_image_shows() -> None:
    scores, labels = np.array([[2, 1], [1, 2]], np.float32), np.array([[1, -1], [-1, 0]], np.int8)

    assert mean_average_precision(scores, labels) == 1
    assert mean_average_precision(scores, np.zeros_like(labels)) == 0
