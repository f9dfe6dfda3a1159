"""What all readers share: ids, splits, classes, pickling, checks of boxes and names."""

import pickle
from pathlib import Path

import pytest

from sppnet.data import VOC_CLASSES, DataError, open_data

from .drawn import held, picture, write

LINES = "a/1.png,1,2,3,4,dog\nb/1.png,5,6,7,8,cat\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a data set of two images of the same name."""
    for name in ("a/1.png", "b/1.png"):
        picture(tmp_path / name)
    write(tmp_path / "annotations.csv", LINES)
    return tmp_path


def test_images_of_one_name_have_their_paths_for_ids(root: Path) -> None:
    assert open_data(root).ids == ["a/1", "b/1"]


def test_voc_names_give_the_voc_classes_and_given_ones_the_labels(root: Path) -> None:
    assert open_data(root).classes == VOC_CLASSES
    data = open_data(root, classes=["cow", "dog", "cat"])
    assert [data.target(number)["labels"].tolist() for number in range(2)] == [[1], [2]]


def test_unknown_splits_and_classes_are_answered_with_those_there_are(root: Path) -> None:
    with pytest.raises(DataError, match="no split 'val', there is none at all"):
        open_data(root, "val")
    with pytest.raises(DataError, match="line 1: unknown class 'dog', the classes are cat"):
        open_data(root, classes=["cat"])
    with pytest.raises(DataError, match="classes must be distinct names"):
        open_data(root, classes=["dog", "dog"])


def test_a_folder_without_usable_images_is_an_error_in_both_modes(root: Path) -> None:
    write(root / "annotations.csv", "gone.png,1,2,3,4,dog\n")

    with pytest.raises(DataError, match="split of all images has no usable images"):
        open_data(root, strict=False)


def test_a_box_up_to_a_pixel_outside_is_clipped_without_a_word(root: Path) -> None:
    lines = "filename,width,height,class,xmin,ymin,xmax,ymax\na/1.png,20,30,dog,-0.5,2,21,4\n"
    write(root / "annotations.csv", lines)

    assert held(open_data(root)) == {"1": [("dog", (0.0, 2.0, 20.0, 4.0), False, False)]}


def test_a_data_set_travels_to_other_processes(root: Path) -> None:
    data = open_data(root)

    assert held(pickle.loads(pickle.dumps(data))) == held(data)
    assert (data.told_size(0), data.image_path(1)) == ((float("inf"),) * 2, root / "b" / "1.png")
