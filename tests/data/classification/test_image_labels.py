"""Tests of image labels: an object makes a positive, only difficult ones make neither."""

from pathlib import Path

import numpy as np
import pytest

from sppnet.data import VOC, ImageLabels
from tests.data.formats.voc.test_devkit import add_image

CLASSES = ("dog", "cat", "cow")  # `add_image` marks cats difficult
DOG, CAT = ("dog", (2, 3, 10, 12)), ("cat", (1, 1, 20, 30))


@pytest.fixture
def data(tmp_path: Path) -> ImageLabels:
    add_image(tmp_path, "1", [DOG, CAT, DOG])
    add_image(tmp_path, "2", [])
    return ImageLabels(VOC(tmp_path, classes=CLASSES))


def test_labels_are_present_difficult_and_absent(data: ImageLabels) -> None:
    np.testing.assert_array_equal(data.label(0), np.array([1, 0, -1], np.int8), strict=True)


def test_an_image_without_objects_shows_no_class(data: ImageLabels) -> None:
    np.testing.assert_array_equal(data.label(1), [-1, -1, -1])


def test_a_difficult_object_beside_an_ordinary_one_changes_nothing(data: ImageLabels) -> None:
    annotation = data.data.root / "Annotations" / "1.xml"
    annotation.write_text(annotation.read_text().replace("<name>cat</name>", "<name>dog</name>"))

    assert ImageLabels(VOC(data.data.root, classes=CLASSES)).label(0)[0] == 1


def test_an_example_is_pixels_and_labels(data: ImageLabels) -> None:
    pixels, labels = data[0]

    assert len(data) == 2 and data.classes == CLASSES
    assert pixels.shape == (30, 20, 3)
    np.testing.assert_array_equal(labels, data.label(0))
