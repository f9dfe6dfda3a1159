"""Tests of images without annotations: which are found, and what becomes of broken ones."""

from pathlib import Path

import pytest

from sppnet.data import DataError, ImageError, Pictures
from sppnet.tools.command.shapes import write_shapes


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    write_shapes(tmp_path / "shapes", train=2, val=1)
    return tmp_path / "shapes"


def names(pictures: Pictures) -> list[str]:
    return [file.name for file in pictures.files]


def test_a_voc_folder_gives_its_training_images(shapes: Path) -> None:
    assert names(Pictures([shapes])) == ["000001.jpg", "000002.jpg"]


def test_a_split_can_be_chosen(shapes: Path) -> None:
    pictures = Pictures([shapes], "val")

    assert names(pictures) == ["000003.jpg"]
    assert pictures[0].shape == (240, 320, 3)


def test_a_voc_folder_without_a_train_split_gives_all_its_images(shapes: Path) -> None:
    (shapes / "ImageSets" / "Main" / "train.txt").unlink()

    assert len(Pictures([shapes])) == 3


def test_any_folder_gives_the_images_in_it_and_in_folders_inside(shapes: Path) -> None:
    (shapes / "JPEGImages").rename(shapes / "photos")
    (shapes / "photos" / "000001.jpg").rename(shapes / "first.JPG")

    assert names(Pictures([shapes])) == ["first.JPG", "000002.jpg", "000003.jpg"]


def test_images_of_several_folders_are_put_together(shapes: Path) -> None:
    assert len(Pictures([shapes, shapes / "JPEGImages"])) == 5


def test_a_folder_without_images_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"{tmp_path}: there are no images in it"):
        Pictures([tmp_path])


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere: there is no such folder"):
        Pictures([tmp_path / "nowhere"])


def test_a_folder_without_splits_has_none_to_choose(shapes: Path) -> None:
    with pytest.raises(DataError, match="has no split 'val', it is no VOC folder"):
        Pictures([shapes / "JPEGImages"], "val")


def test_an_unknown_split_is_named(shapes: Path) -> None:
    with pytest.raises(DataError, match="no split 'test', there is train, val"):
        Pictures([shapes], "test")


def test_a_broken_image_is_named_when_it_is_asked_for(shapes: Path) -> None:
    (shapes / "JPEGImages" / "000002.jpg").write_bytes(b"")
    pictures = Pictures([shapes])

    with pytest.raises(ImageError, match=r"000002.jpg: the file is empty"):
        pictures[1]


def test_a_missing_image_of_a_split_is_named_when_it_is_asked_for(shapes: Path) -> None:
    (shapes / "JPEGImages" / "000002.jpg").unlink()
    pictures = Pictures([shapes])

    with pytest.raises(ImageError, match=r"000002.jpg: no such file"):
        pictures[1]


def test_broken_images_are_left_out_on_request(shapes: Path) -> None:
    (shapes / "JPEGImages" / "000001.jpg").write_bytes(b"")

    pictures = Pictures([shapes], strict=False)

    assert names(pictures) == ["000002.jpg"]
    assert pictures.problems == [f"{shapes / 'JPEGImages' / '000001.jpg'}: the file is empty: left out"]


def test_images_that_are_all_broken_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")

    with pytest.raises(
        DataError, match=r"there are no images that can be read: .*a\.png: the file is empty: left out$"
    ):
        Pictures([tmp_path], strict=False)


def test_files_that_are_no_pictures_are_passed_over(shapes: Path) -> None:
    (shapes / "ImageSets" / "Main" / "train.txt").unlink()
    for folder in (shapes, shapes / "JPEGImages"):
        (folder / "Thumbs.db").write_bytes(b"")
        (folder / "._000001.jpg").write_bytes(b"")
    (shapes / "JPEGImages" / "000001.txt").write_text("of the image beside it")

    assert names(Pictures([shapes])) == names(Pictures([shapes / "JPEGImages"]))
    assert len(Pictures([shapes])) == 3


def test_hidden_folders_are_passed_over_and_links_are_not(shapes: Path) -> None:
    photos = shapes / "photos"
    (photos / ".cache").mkdir(parents=True)
    (photos / ".cache" / "a.jpg").write_bytes(b"")
    for name in ("monday.jpg", "tuesday.jpg"):
        (photos / name).symlink_to(shapes / "JPEGImages" / "000001.jpg")

    assert names(Pictures([photos])) == ["monday.jpg", "tuesday.jpg"]


def test_a_link_that_leads_nowhere_is_named_when_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to(tmp_path / "gone")

    with pytest.raises(ImageError, match=r"a\.jpg: no such file"):
        Pictures([tmp_path])[0]


def test_a_repeated_line_of_a_split_is_an_error_or_counts_once(shapes: Path) -> None:
    (shapes / "ImageSets" / "Main" / "train.txt").write_text("000001\n000002\n000001\n")

    with pytest.raises(DataError, match=r"train\.txt: line 3 repeats line 1: '000001'"):
        Pictures([shapes])

    pictures = Pictures([shapes], strict=False)
    assert names(pictures) == ["000001.jpg", "000002.jpg"]
    assert len(pictures.problems) == 1


def test_a_split_names_images_in_folders_and_with_spaces(shapes: Path) -> None:
    (shapes / "JPEGImages" / "cam 1").mkdir()
    (shapes / "JPEGImages" / "000001.jpg").rename(shapes / "JPEGImages" / "cam 1" / "a (1).jpg")
    (shapes / "ImageSets" / "Main" / "train.txt").write_text("cam 1/a (1)\n")

    assert Pictures([shapes])[0].shape == (240, 320, 3)
