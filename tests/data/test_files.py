"""Tests of files that appear complete or not at all."""

from pathlib import Path

import pytest

from sppnet.data import write_whole


def test_a_file_and_the_folders_above_it_are_made(tmp_path: Path) -> None:
    write_whole(tmp_path / "a" / "b.txt", b"new")

    assert (tmp_path / "a" / "b.txt").read_bytes() == b"new"
    assert len(list((tmp_path / "a").iterdir())) == 1


def test_a_link_is_replaced_and_what_it_points_to_stays(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "source")

    write_whole(tmp_path / "link", b"new")

    assert (tmp_path / "source").read_bytes() == b"old"


def test_a_full_disk_is_told_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(path: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OSError, match=r"No space left on device: '.*out\.json'"):
        write_whole(tmp_path / "out.json", b"{}")
