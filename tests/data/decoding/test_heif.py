"""Tests of AVIF and HEIC files: read where the libraries are there, else named with what to install."""

import io
import struct
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import AvifImagePlugin, Image

from sppnet.data import ImageError, read_image

from .test_images import PHOTO, encoded, exif

GREY = Image.new("L", (20, 30), 99)


def container(*brands: str) -> bytes:
    """Return the begin of a file in HEIF's container."""
    words = brands[0].encode() + bytes(4) + "".join(brands[1:]).encode()
    return struct.pack(">I", 8 + len(words)) + b"ftyp" + words + bytes(100)


needs_avif = pytest.mark.skipif(not AvifImagePlugin.SUPPORTED, reason="Pillow has no AVIF")


@needs_avif
def test_an_avif_image_is_read() -> None:
    difference = read_image(encoded(PHOTO, "AVIF", quality=95)).astype(int) - PHOTO

    assert np.abs(difference).mean() < 3


@needs_avif
def test_the_orientation_of_an_avif_image_is_applied() -> None:
    assert read_image(encoded(GREY, "AVIF", exif=exif(6))).shape == (20, 30, 3)


@needs_avif
def test_an_avif_image_that_was_cut_is_refused() -> None:
    with pytest.raises(ImageError, match="damaged"):
        read_image(encoded(PHOTO, "AVIF")[:-100])


def test_without_a_library_for_avif_the_message_names_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AvifImagePlugin, "SUPPORTED", False)

    with pytest.raises(ImageError, match=r"a\.avif: an AVIF image, .*: pip install --upgrade pillow"):
        read_image(container("mif1", "avif"), name="a.avif")


def test_without_a_library_for_heic_the_message_names_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)

    with pytest.raises(ImageError, match=r"a\.heic: a HEIC image, .*: pip install pillow-heif"):
        read_image(container("heic", "mif1"), name="a.heic")


def test_a_library_for_heic_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    png = encoded(GREY)
    library = SimpleNamespace(HeifImageFile=lambda file: Image.open(io.BytesIO(png)), __spec__=SimpleNamespace())
    monkeypatch.setitem(sys.modules, "pillow_heif", library)

    assert read_image(container("heic", "mif1")).tolist() == np.full((30, 20, 3), 99).tolist()


def test_a_film_is_no_image() -> None:
    with pytest.raises(ImageError, match="not a JPEG, PNG, BMP, WebP, TIFF, AVIF or HEIC file"):
        read_image(container("isom", "mp42"))
