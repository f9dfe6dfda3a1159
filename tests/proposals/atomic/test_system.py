"""Tests of what Python does not say alike for all systems."""

import errno
import os
from pathlib import Path

import pytest

from sppnet.proposals.atomic import system


def folders(folder: Path) -> tuple[Path, Path]:
    for name in ("a", "b"):
        (folder / name).mkdir()
        (folder / name / f"of {name}").write_bytes(b"")
    return folder / "a", folder / "b"


def test_names_are_exchanged_at_once_or_not_at_all(tmp_path: Path) -> None:
    first, second = folders(tmp_path)

    done = system.exchanged(first, second)

    assert (first / ("of b" if done else "of a")).exists()


def test_other_systems_cannot_exchange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "win32")

    assert not system.exchanged(*folders(tmp_path))
    assert not system.sync_system(tmp_path)


def test_an_exchange_with_nothing_is_an_error(tmp_path: Path) -> None:
    first, _ = folders(tmp_path)

    with pytest.raises(FileNotFoundError, match="nothing"):
        system.exchanged(first, tmp_path / "nothing")


def test_a_folder_that_cannot_be_synchronised_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_opened: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refused)

    system.sync_folder(tmp_path)
    with pytest.raises(OSError, match="Invalid"):
        system.sync_path(tmp_path)


def test_all_of_a_tree_is_synchronised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders(tmp_path)
    (tmp_path / "link").symlink_to("nothing")
    seen: list[str] = []
    monkeypatch.setattr(system, "sync_path", lambda path: seen.append(path.name))

    system.sync_tree(tmp_path)

    assert sorted(seen) == sorted([tmp_path.name, "a", "b", "of a", "of b"])
