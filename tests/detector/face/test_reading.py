"""Tests of the reader of image files that the detector is given."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sppnet.data import read_image
from sppnet.detector import InputError, use_reader
from sppnet.detector.face import reading


@pytest.fixture
def other_reader(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, str | None]]:
    """Return what another reader was asked for."""
    monkeypatch.setattr(reading, "_reader", None)
    asked: list[tuple[object, str | None]] = []

    def read(source: object, name: str | None) -> np.ndarray:
        asked.append((source, name))
        return np.zeros((1, 1, 3), np.uint8)

    use_reader(read)
    return asked


def test_files_are_read_as_the_one_decoder_reads_them(tmp_path: Path) -> None:
    Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)).save(tmp_path / "a.png")

    np.testing.assert_array_equal(reading.read(tmp_path / "a.png"), read_image(tmp_path / "a.png"))


def test_another_reader_is_asked(other_reader: list[tuple[object, str | None]]) -> None:
    reading.read(b"abc", "image 1")

    assert other_reader == [(b"abc", "image 1")]


def test_without_a_reader_the_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_reader", None)

    with pytest.raises(InputError, match=r"'a\.png': nothing is there to read image files with"):
        reading.read("a.png")


def test_the_reader_is_there_whatever_is_imported_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; from sppnet.detector.face import reading; assert reading._reader;"
        "assert not {'numpy', 'PIL', 'sppnet.data'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
