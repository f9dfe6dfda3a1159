"""Tests of the names of results: no two are the same, and nothing of the user's is overwritten."""

import os
from pathlib import Path

import pytest
from PIL import Image

from sppnet.tools.command.detecting.naming import MARK, OutputNames, is_ours


def names(output: Path, *files: str) -> list[str]:
    """Return the names of files, given by their paths, the folders before a colon not being kept."""
    name = OutputNames(output)
    parts = [(Path(file.replace(":", "/")), file.rpartition(":")[2]) for file in files]
    return [name(path.name, os.path.dirname(kept), path.parent) for path, kept in parts]


def test_equal_names_get_a_number_and_other_suffixes_keep_theirs(tmp_path: Path) -> None:
    files = ("a:x.jpg", "b:X.jpg", "b:x.png", "c:x.png", "c:x.jpg", "d:x-2.jpg")

    assert names(tmp_path, *files) == ["x", "X-2", "x.png", "x-3", "x-4", "x-2-2"]


def test_folders_that_are_looked_into_are_kept(tmp_path: Path) -> None:
    assert names(tmp_path, "a:x.jpg", "a:cam1/x.jpg", "a:cam1/day/x.jpg") == ["x", "cam1/x", "cam1/day/x"]


def test_files_and_folders_of_formats_are_left_to_them(tmp_path: Path) -> None:
    files = ("a:classes.jpg", "a:detections.coco.png", "a:labelme/x.jpg", "a:Labels/b/x.jpg")

    assert names(tmp_path, *files) == ["classes.jpg", "detections.coco.png", "labelme-/x", "Labels-/b/x"]


def test_images_in_the_output_folder_and_their_neighbours_are_left_alone(tmp_path: Path) -> None:
    files = (f"{tmp_path}:street.png", f"{tmp_path}:street.jpg", f"{tmp_path}/a:b.jpg")

    assert names(tmp_path, *files) == ["street-detections", "street-detections.jpg", "b"]


def test_a_picture_of_the_user_is_not_overwritten_but_one_of_ours_is(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "theirs.jpg")
    Image.new("RGB", (8, 8)).save(tmp_path / "ours.jpg", comment=MARK)

    assert names(tmp_path, "a:theirs.png", "a:theirs.jpg", "a:ours.jpg") == ["theirs.png", "theirs.jpg", "ours"]


@pytest.mark.parametrize("file", ["../x", ".hidden.jpg", "", "..", "a\0b.jpg"])
def test_names_stay_in_the_folder(tmp_path: Path, file: str) -> None:
    name = OutputNames(tmp_path)(file)

    assert name and "/" not in name and "\0" not in name and not name.startswith(".")


def test_many_equal_names_take_no_longer_each(tmp_path: Path) -> None:
    name = OutputNames(tmp_path)

    assert [name("x.jpg") for _ in range(5000)][-1] == "x-5000"


def test_a_pipe_or_what_is_not_there_is_not_ours(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")

    assert not is_ours(tmp_path / "pipe.jpg")
    assert not is_ours(tmp_path / "none.jpg")
