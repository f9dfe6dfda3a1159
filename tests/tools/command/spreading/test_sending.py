"""Tests of images that are sent: read without their file, and with the messages that it would give."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sppnet.data import DataError
from sppnet.tools.command.detecting.sources import Source
from sppnet.tools.command.spreading.sending import sent, unsent


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    Image.fromarray(np.full((12, 16, 3), 90, np.uint8)).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_an_image_is_read_where_its_file_is_not(photo: Path) -> None:
    source = Source(str(photo), "inner")
    travelling = pickle.dumps(sent(source, shared=False))
    photo.unlink()

    arrived = pickle.loads(travelling)

    assert arrived.read().shape == (12, 16, 3)
    assert (str(arrived), unsent(arrived)) == (str(source), source)


def test_a_shared_image_travels_as_its_path(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photo.parent)
    source = sent(Source("photo.png"), shared=True)
    monkeypatch.chdir("/")

    assert (str(source), source.read().shape) == ("photo.png", (12, 16, 3))
    assert len(pickle.dumps(source)) < 500


@pytest.mark.parametrize(("name", "content"), [("none.jpg", None), ("text.jpg", b"text"), ("all.zip", b"PK")])
@pytest.mark.parametrize("shared", [False, True])
def test_what_cannot_be_read_says_the_same_as_here(
    tmp_path: Path, name: str, content: bytes | None, shared: bool
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    source = Source(str(tmp_path / name))
    with pytest.raises(DataError) as here:
        source.read()

    with pytest.raises(DataError) as there:
        sent(source, shared=shared).read()

    assert str(there.value) == str(here.value)


def test_an_address_is_fetched_by_who_needs_it() -> None:
    source = Source("https://example.org/photo.jpg")

    assert sent(source, shared=False) is source
