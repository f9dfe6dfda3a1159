"""Files of folders, names that lead out of a data set, which of two images with one name counts."""

from pathlib import Path

import pytest

from sppnet.data import DataError
from sppnet.data.formats.layouts import by_stem, files_of, first_file, inner_path, parts_by_name, some_files, unique_ids


def test_files_are_sorted_and_hidden_ones_and_folders_of_none_passed_over(tmp_path: Path) -> None:
    for name in ("b.XML", "a.xml", "._a.xml", "c.txt"):
        (tmp_path / name).touch()

    assert [file.name for file in files_of(tmp_path, ".xml")] == ["a.xml", "b.XML"]
    assert files_of(tmp_path / "gone", ".xml") == []


def test_only_a_few_files_are_looked_at(tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / f"{number}.xml").touch()

    assert len(some_files(tmp_path, ".xml")) == 5


@pytest.mark.parametrize("name", ["", "/a.jpg", "../a.jpg", "b/../../a.jpg", "..\\a.jpg", "a\0.jpg"])
def test_a_path_that_may_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(DataError, match="must be a path inside the data set"):
        inner_path(name)


def test_the_first_folder_that_has_a_file_counts(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "1.jpg").touch()

    assert first_file([tmp_path / "a", tmp_path / "b"], "1.jpg") == tmp_path / "b" / "1.jpg"
    assert first_file([tmp_path / "a", tmp_path / "b"], "2.jpg") == tmp_path / "a" / "2.jpg"


def test_of_two_images_with_one_name_the_jpeg_counts() -> None:
    assert by_stem([Path("a.jpg"), Path("a.png"), Path("b.png")]) == {"a": Path("a.jpg"), "b": Path("b.png")}


def test_a_single_file_is_a_split_only_if_it_is_called_like_one() -> None:
    assert list(parts_by_name([Path("labels.csv")])) == [""]
    assert list(parts_by_name([Path("val.csv")])) == ["val"]
    assert list(parts_by_name([Path("a.csv"), Path("b.csv")])) == ["a", "b"]


def test_as_little_of_a_path_as_tells_images_apart_is_an_id() -> None:
    files = [Path("/r/a/1.png"), Path("/r/a/1.jpg"), Path("/r/a/2.png"), Path("/r/b/2.png"), Path("/r/3.png")]

    assert list(unique_ids(files, Path("/r/x.csv")).values()) == ["3", "1.png", "1.jpg", "a/2", "b/2"]
