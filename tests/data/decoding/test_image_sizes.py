"""Sizes from headers are those of the pictures that `read_image` returns."""

import zlib
from pathlib import Path

import pytest
from PIL import Image

from sppnet.data import ImageError, read_image
from sppnet.data.decoding.image_sizes import image_size


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp", ".tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_the_size_of_the_upright_picture(tmp_path: Path, suffix: str, orientation: int) -> None:
    tags = Image.Exif()
    tags[0x0112] = orientation
    file = tmp_path / f"a{suffix}"
    Image.new("RGB", (20, 30)).save(file, exif=tags)

    assert image_size(file)[::-1] == read_image(file).shape[:2]


def test_a_png_may_tell_its_orientation_after_its_pixels(tmp_path: Path) -> None:
    tags = Image.Exif()
    tags[0x0112] = 6
    file = tmp_path / "a.png"
    Image.new("RGB", (20, 30)).save(file)
    tag = b"eXIf" + tags.tobytes().removeprefix(b"Exif\0\0")
    chunk = (len(tag) - 4).to_bytes(4, "big") + tag + zlib.crc32(tag).to_bytes(4, "big")
    file.write_bytes(file.read_bytes()[:-12] + chunk + file.read_bytes()[-12:])

    assert image_size(file)[::-1] == read_image(file).shape[:2] == (20, 30)


@pytest.mark.parametrize("content", [b"", b"junk", b"\xff\xd8\xff"])
def test_what_is_no_image_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(content)

    with pytest.raises(ImageError, match=r"a\.jpg: "):
        image_size(tmp_path / "a.jpg")
