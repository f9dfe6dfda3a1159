"""Tests of what a file is from which no tensors can be read; those of weights files are in test_weights.py."""

import zipfile
from pathlib import Path

import pytest

from sppnet.detector import ModelError
from sppnet.detector.files.kinds import check_archive, looks_like


def test_a_missing_file_is_called_so(tmp_path: Path) -> None:
    assert looks_like(tmp_path / "net.pth") == "No such file or directory"


def test_an_archive_that_unpacks_to_more_than_it_has_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "net.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("net/data/0", bytes(1 << 20))

    with pytest.raises(ModelError, match=r"net\.pth: is an archive of 1,\d\d\d bytes that unpacks to 1,048,576"):
        check_archive(tmp_path / "net.pth")


def test_what_is_no_archive_is_left_to_its_reader(tmp_path: Path) -> None:
    (tmp_path / "net.pth").write_bytes(b"PK")

    check_archive(tmp_path / "net.pth")
