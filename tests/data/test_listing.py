"""Tests of folders: which files count, and which names are one."""

from pathlib import Path

import pytest

from sppnet.data import DataError, files_below, is_hidden, listing
from sppnet.data.listing import NamedFiles, folder_called, ignores_case, normal

COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")


def below(folder: Path) -> list[str]:
    return [file.relative_to(folder).as_posix() for file in files_below(folder, (".jpg",))]


@pytest.mark.parametrize(
    "name", ["._a.jpg", ".DS_Store", "photos/.cache", "Thumbs.db", "DESKTOP.INI", "__MACOSX", "@eaDir", ".."]
)
def test_what_systems_leave_is_hidden(name: str) -> None:
    assert is_hidden(name) and is_hidden(Path(name))


@pytest.mark.parametrize("name", ["a.jpg", ".hidden/a.jpg", "_a.jpg", "thumbs.jpg"])
def test_what_a_user_makes_is_not(name: str) -> None:
    assert not is_hidden(name)


def test_files_in_folders_inside_are_found_and_hidden_ones_are_not(tmp_path: Path) -> None:
    root = tmp_path / ".mine"
    touch(root, "b.jpg", "a.JPG", "cam/c.jpg", "cam/deep/d.jpg", "x.txt", "._a.jpg", ".git/e.jpg", "__MACOSX/f.jpg")

    assert below(root) == ["a.JPG", "b.jpg", "cam/c.jpg", "cam/deep/d.jpg"]


def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    touch(tmp_path, "blobs/1", "photos/cam/a.jpg")
    (tmp_path / "photos" / "monday.jpg").symlink_to(tmp_path / "blobs" / "1")
    (tmp_path / "photos" / "tuesday.jpg").symlink_to(tmp_path / "blobs" / "1")
    (tmp_path / "photos" / "gone.jpg").symlink_to(tmp_path / "blobs" / "2")
    (tmp_path / "photos" / "other").symlink_to(tmp_path / "photos" / "cam")
    (tmp_path / "photos" / "cam" / "up").symlink_to(tmp_path / "photos")

    assert below(tmp_path / "photos") == ["cam/a.jpg", "gone.jpg", "monday.jpg", "other/a.jpg", "tuesday.jpg"]


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone: cannot be read: No such file or directory"):
        files_below(tmp_path / "gone", (".jpg",))


def test_a_folder_is_called_by_the_first_name_that_is_there(tmp_path: Path) -> None:
    touch(tmp_path, "images/a", "jpegimages/a", "Annotations/a", "annotations/a", "main")

    assert folder_called(tmp_path, "JPEGImages", "images") == tmp_path / "jpegimages"
    assert folder_called(tmp_path, "Annotations") == tmp_path / "Annotations"
    assert folder_called(tmp_path, "Main") is None
    assert folder_called(tmp_path / "gone", "Main") is None


def test_files_are_named_by_their_path_without_suffix(tmp_path: Path) -> None:
    touch(tmp_path, "b.1.png", "a.png", "cam/c.jpg", "a.jpg")

    files = NamedFiles(tmp_path, (".jpg", ".png"))

    assert list(files.paths) == ["a", "b.1", "cam/c"]
    assert files.paths["a"].name == "a.jpg"
    assert [files.find(name) for name in ("cam/c", "b.1", "c", "A")] == ["cam/c", "b.1", None, None]


@pytest.mark.parametrize(("there", "wanted"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
def test_an_accent_is_one_however_it_is_written(tmp_path: Path, there: str, wanted: str) -> None:
    touch(tmp_path, f"{there}.jpg")

    assert NamedFiles(tmp_path, (".jpg",)).find(wanted) == there
    assert normal(there) == normal(wanted) == COMPOSED


def test_a_name_as_it_is_written_comes_before_one_that_looks_alike(tmp_path: Path) -> None:
    touch(tmp_path, f"{COMPOSED}.jpg", f"{DECOMPOSED}.jpg")
    files = NamedFiles(tmp_path, (".jpg",))

    assert [files.find(name) for name in (COMPOSED, DECOMPOSED)] == [COMPOSED, DECOMPOSED]


def test_case_does_not_matter_where_the_disk_ignores_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "IMG_1.jpg")
    monkeypatch.setattr(listing, "ignores_case", lambda folder: True)

    assert NamedFiles(tmp_path, (".jpg",)).find("img_1") == "IMG_1"


def test_a_disk_is_asked_whether_it_ignores_case(tmp_path: Path) -> None:
    touch(tmp_path, "Photos/a.jpg", "more/a.jpg", "12/a.jpg")
    assert not ignores_case(tmp_path / "12")

    (tmp_path / "MORE").symlink_to(tmp_path / "more")
    assert ignores_case(tmp_path / "more")
