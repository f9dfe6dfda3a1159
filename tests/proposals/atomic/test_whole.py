"""Tests of files that appear complete or not at all."""

import os
from pathlib import Path

import pytest

from sppnet.proposals.atomic.whole import recover_folder, whole_file, whole_folder, whole_path, write_whole


@pytest.fixture(params=[True, False], ids=["exchanged", "by renames"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with one old file, which is replaced in one way or the other."""
    if not request.param:
        monkeypatch.setattr("sppnet.proposals.atomic.whole.exchanged", lambda first, second: False)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "old").write_bytes(b"old")
    return tmp_path / "folder"


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_what_is_written_gets_its_name(tmp_path: Path) -> None:
    with whole_file(tmp_path / "file") as stream:
        stream.write(b"new")

    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_file_has_no_name_before_it_is_complete(tmp_path: Path) -> None:
    with whole_file(tmp_path / "file") as stream:
        stream.write(b"new")

        assert not (tmp_path / "file").exists()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    (tmp_path / "file").write_bytes(b"old")

    with pytest.raises(error), whole_file(tmp_path / "file"):
        raise error

    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"old")]


def test_an_error_of_the_disk_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(OSError, match=r"No space left on device: '.*/file'"), whole_file(tmp_path / "file"):
        pass


def test_an_error_of_another_file_keeps_its_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="other"), whole_file(tmp_path / "file"):
        (tmp_path / "other").read_bytes()


def test_an_error_of_a_library_stays_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"^no picture$"), whole_file(tmp_path / "file"):
        raise OSError("no picture")


def test_folders_above_a_file_are_made(tmp_path: Path) -> None:
    write_whole(tmp_path / "a" / "b.txt", b"n", b"ew", sync=False)

    assert (tmp_path / "a" / "b.txt").read_bytes() == b"new"
    assert names(tmp_path) == ["a", "a/b.txt"]


def test_a_link_is_replaced_and_what_it_points_to_stays(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "source")

    write_whole(tmp_path / "link", b"new")

    assert (tmp_path / "source").read_bytes() == b"old"


def test_a_library_may_write_the_file(tmp_path: Path) -> None:
    with whole_path(tmp_path / "file") as partial:
        partial.write_bytes(b"new")

    assert names(tmp_path) == ["file"]


def test_a_folder_replaces_another(folder: Path) -> None:
    with whole_folder(folder) as partial:
        (partial / "new").write_bytes(b"new")

    assert names(folder.parent) == ["folder", "folder/new"]


def test_a_folder_and_those_above_it_are_made(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "a" / "b"):
        pass

    assert names(tmp_path) == ["a", "a/b"]


def test_a_folder_behind_a_link_is_replaced(folder: Path) -> None:
    (folder.parent / "link").symlink_to(folder)

    with whole_folder(folder.parent / "link"):
        pass

    assert names(folder.parent) == ["folder", "link"]
    assert (folder.parent / "link").is_symlink()


def test_a_folder_that_fails_leaves_the_old_one_and_names_the_file(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"'.*/folder/no/file'"), whole_folder(folder) as partial:
        (partial / "no" / "file").write_bytes(b"new")

    assert names(folder.parent) == ["folder", "folder/old"]


def test_a_folder_of_many_files_is_written(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "folder") as partial:
        for number in range(102):
            (partial / f"{number}").write_bytes(b"new")

    assert len(names(tmp_path / "folder")) == 102


def test_a_replacement_that_was_broken_off_is_taken_back(tmp_path: Path) -> None:
    (tmp_path / ".folder.old").mkdir()

    recover_folder(tmp_path / "folder")

    assert names(tmp_path) == ["folder"]


def test_a_replacement_that_was_broken_off_later_stays(folder: Path) -> None:
    (folder.parent / ".folder.old").mkdir()

    recover_folder(folder)

    assert names(folder) == ["old"]


def test_a_save_after_one_that_was_broken_off_has_the_old_one_until_its_end(folder: Path) -> None:
    folder.rename(folder.with_name(".folder.old"))

    with pytest.raises(KeyboardInterrupt), whole_folder(folder):
        raise KeyboardInterrupt

    recover_folder(folder)
    assert names(folder.parent) == ["folder", "folder/old"]


def test_a_save_takes_away_what_was_replaced_before(folder: Path) -> None:
    (folder.parent / ".folder.old").mkdir()

    with whole_folder(folder):
        pass

    assert names(folder.parent) == ["folder"]
