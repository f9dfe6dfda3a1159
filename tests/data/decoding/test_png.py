"""Tests of PNG files: transparent greys and colours at every depth, metadata of any size."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from sppnet.data import read_image

from .test_images import RGB, TURNED, encoded, exif

LARGE = b"x" * (2 << 20)
XMP = b"XML:com.adobe.xmp"


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(bits: int, colour: int, row: bytes, key: tuple[int, ...], width: int) -> bytes:
    """Return a PNG of one row with a transparent grey (colour 0) or colour (2)."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, 1, bits, colour, 0, 0, 0))
    transparent = chunk(b"tRNS", struct.pack(f">{len(key)}H", *key))
    pixels = chunk(b"IDAT", zlib.compress(b"\0" + row))
    return b"\x89PNG\r\n\x1a\n" + header + transparent + pixels + chunk(b"IEND", b"")


def with_chunk(data: bytes, kind: bytes, content: bytes) -> bytes:
    """Return a PNG with one more chunk behind its header."""
    return data[:33] + chunk(kind, content) + data[33:]


@pytest.mark.parametrize(
    ("bits", "row", "key", "expected"),
    [
        (1, b"\x40", 0, [255, 255]),
        (1, b"\x40", 1, [0, 255]),
        (2, b"\x60", 1, [255, 170]),
        (4, b"\x3a", 3, [255, 170]),
        (8, b"\x03\xaa", 3, [255, 170]),
        (16, b"\x03\xe8\x03\xe9", 1000, [255, 3]),
        (2, b"\x60", 0x0101, [255, 170]),  # only so many bits count as a sample has
    ],
)
def test_a_transparent_grey_is_white(bits: int, row: bytes, key: int, expected: list[int]) -> None:
    assert read_image(png(bits, 0, row, (key,), 2)).tolist() == [[[grey] * 3 for grey in expected]]


def test_a_transparent_colour_is_white() -> None:
    data = png(8, 2, bytes([1, 2, 3, 1, 2, 4]), (1, 2, 3), 2)

    assert read_image(data).tolist() == [[[255, 255, 255], [1, 2, 4]]]


def test_a_transparent_colour_of_16_bits_is_compared_in_all_of_them() -> None:
    data = png(16, 2, struct.pack(">6H", 1000, 2000, 3000, 1000, 2000, 3001), (1000, 2000, 3000), 2)

    assert read_image(data).tolist() == [[[255, 255, 255], [3, 7, 11]]]


def test_a_transparent_grey_that_covers_the_image_is_ignored() -> None:
    assert read_image(png(8, 0, b"\x07\x07", (7,), 2)).tolist() == [[[7] * 3] * 2]


def test_an_image_with_a_transparent_grey_is_turned_upright() -> None:
    grey = RGB[..., 0]

    pixels = read_image(encoded(Image.fromarray(grey), transparency=int(grey[0, 0]), exif=exif(6)))

    masked = np.where(grey == grey[0, 0], 255, grey)
    np.testing.assert_array_equal(pixels[..., 0], np.rot90(masked, -1))


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (b"tEXt", b"Comment\0" + LARGE),
        (b"zTXt", b"Comment\0\0" + zlib.compress(LARGE)),
        (b"iTXt", XMP + b"\0\0\0\0\0" + LARGE),
        (b"iTXt", XMP + b"\0\1\0\0\0" + zlib.compress(LARGE)),
        (b"iCCP", b"profile\0\0" + zlib.compress(LARGE)),
        (b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(LARGE)),
        (b"zTXt", b"Comment\0\0not compressed"),
    ],
)
def test_metadata_does_not_cost_the_image(kind: bytes, content: bytes) -> None:
    np.testing.assert_array_equal(read_image(with_chunk(encoded(RGB), kind, content)), RGB)


@pytest.mark.parametrize("flag", [b"\0", b"\1"])
@pytest.mark.parametrize("filling", [b"", LARGE])
def test_the_orientation_in_metadata_of_any_size_is_applied(flag: bytes, filling: bytes) -> None:
    text = filling + b'<rdf tiff:Orientation="6"/>'
    content = XMP + b"\0" + flag + b"\0\0\0" + (zlib.compress(text) if flag == b"\1" else text)

    np.testing.assert_array_equal(read_image(with_chunk(encoded(RGB), b"iTXt", content)), TURNED[6])


def test_the_orientation_is_looked_for_in_few_texts() -> None:
    turned = zlib.compress(b'<rdf tiff:Orientation="6"/>')
    data = with_chunk(encoded(RGB), b"iTXt", XMP + b"\0\1\0\0\0" + turned)  # the last of them
    for _ in range(4):
        data = with_chunk(data, b"iTXt", XMP + b"\0\1\0\0\0" + zlib.compress(b"none"))

    np.testing.assert_array_equal(read_image(data), RGB)


def test_the_orientation_as_imagemagick_writes_it_is_applied() -> None:
    tags = exif(6).tobytes()
    profile = f"\nexif\n{len(tags)}\n{tags.hex()}\n".encode()
    data = with_chunk(encoded(RGB), b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(profile))

    np.testing.assert_array_equal(read_image(data), TURNED[6])
