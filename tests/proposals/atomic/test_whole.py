"""Tests of files that appear complete or not at all."""

import os
from pathlib import Path

import pytest

from sppnet.proposals.atomic.whole import whole_file


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
