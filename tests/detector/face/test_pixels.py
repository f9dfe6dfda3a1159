"""Tests of images of every kind as pixels."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sppnet.data import ImageError, read_image
from sppnet.detector import InputError
from sppnet.detector.face.pixels import listed, pixels

COLOURS = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)
GREY = COLOURS[..., 0]


def encoded(picture: Image.Image, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", **options)
    return file.getvalue()


def test_uint8_colours_are_taken_as_they_are() -> None:
    assert pixels(COLOURS, 0) is COLOURS


@pytest.mark.parametrize("shape", [(6, 8), (6, 8, 1)])
def test_grey_is_copied_to_three_channels(shape: tuple[int, ...]) -> None:
    np.testing.assert_array_equal(pixels(GREY.reshape(shape), 0), np.stack([GREY] * 3, axis=2))


def test_alpha_is_composed_over_white() -> None:
    # Of 10 with alpha 51, a fifth: 10 / 5 + 255 * 4 / 5 = 206.
    transparent = np.array([[[10, 10, 10, 51], [10, 20, 30, 255], [10, 20, 30, 0]]], np.uint8)

    assert pixels(transparent, 0).tolist() == [[[206, 206, 206], [10, 20, 30], [255, 255, 255]]]


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_floats_up_to_1_are_scaled_and_others_are_not(kind: type[np.floating[Any]]) -> None:
    values = np.array([[0, 0.5, 1]])

    assert pixels(values.astype(kind), 0)[0, :, 0].tolist() == [0, 128, 255]
    assert pixels((values * 200).astype(kind), 0)[0, :, 0].tolist() == [0, 100, 200]


def test_floats_from_0_to_1_are_what_they_were_made_of() -> None:
    np.testing.assert_array_equal(pixels(COLOURS / 255, 0), COLOURS)
    np.testing.assert_array_equal(pixels(COLOURS.astype(np.float32), 0), COLOURS)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "image 3: holds NaN or infinity"),
        (np.inf, "image 3: holds NaN or infinity"),
        (-0.5, "floats must be from 0 to 1 or from 0 to 255, not -0.5 to 0"),
        (255.5, "floats must be from 0 to 1 or from 0 to 255, not 0 to 255.5"),
        (1.25, "floats up to 1.25 may be meant from 0 to 1 or from 0 to 255"),
    ],
)
def test_floats_of_no_known_range_are_refused(value: float, message: str) -> None:
    image = np.zeros((4, 5, 3))
    image[2, 2, 2] = value

    with pytest.raises(InputError, match=message):
        pixels(image, 3)


@pytest.mark.parametrize("kind", [np.uint16, np.int64, np.bool_, object])
def test_other_numbers_are_refused(kind: Any) -> None:
    with pytest.raises(InputError, match="image 3: must be an array of uint8 or of floats, not of"):
        pixels(COLOURS.astype(kind), 3)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((5,), r"\(5,\)"),
        ((5, 5, 2), r"\(5, 5, 2\)"),
        ((3, 5, 8), r"not \(3, 5, 8\); its channels must come last"),
        ((1, 5, 5, 3), r"\(1, 5, 5, 3\)"),
        ((0, 5, 3), "has no pixels"),
    ],
)
def test_other_shapes_are_refused(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(InputError, match=f"^image 3: .*{message}"):
        pixels(np.zeros(shape, np.uint8), 3)


@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P", "RGBA", "LA", "CMYK"])
def test_a_pil_image_has_the_pixels_of_its_file(mode: str, tmp_path: Path) -> None:
    picture = Image.fromarray(COLOURS).convert(mode)
    file = tmp_path / ("image.tif" if mode == "CMYK" else "image.png")
    picture.save(file)

    np.testing.assert_array_equal(pixels(picture, 0), read_image(file))


def test_a_transparent_colour_of_a_pil_image_is_white() -> None:
    content = encoded(Image.fromarray(COLOURS), transparency=tuple(COLOURS[0, 0].tolist()))

    found = pixels(Image.open(io.BytesIO(content)), 0)

    assert found[0, 0].tolist() == [255, 255, 255]
    np.testing.assert_array_equal(found, read_image(content))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_pil_image_is_turned_upright_as_its_file_is(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(Image.fromarray(COLOURS), exif=exif)

    np.testing.assert_array_equal(pixels(Image.open(io.BytesIO(content)), 0), read_image(content))


@pytest.mark.parametrize("mode", ["I", "F", "I;16"])
def test_a_pil_image_of_more_than_8_bits_is_refused(mode: str) -> None:
    with pytest.raises(InputError, match=f"image 3: a PIL image of mode {mode} must be converted"):
        pixels(Image.new(mode, (2, 2)), 3)


def test_paths_and_bytes_are_read(tmp_path: Path) -> None:
    content = encoded(Image.fromarray(COLOURS))
    file = tmp_path / "a.png"
    file.write_bytes(content)

    for source in (file, str(file), content, bytearray(content), memoryview(content)):
        np.testing.assert_array_equal(pixels(source, 0), COLOURS)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"nothing\.png: no such file"):
        pixels(tmp_path / "nothing.png", 3)
    with pytest.raises(ImageError, match="image 3: not a JPEG"):
        pixels(b"something else", 3)


@pytest.mark.parametrize("source", [None, 7, [[0, 0, 0]], (COLOURS, {})])
def test_what_is_no_image_is_named(source: Any) -> None:
    with pytest.raises(InputError, match="image 3: must be a path, the bytes of a file, a PIL image or an array, not"):
        pixels(source, 3)


@pytest.mark.parametrize("image", ["photo.jpg", Path("photo.jpg"), b"abc", COLOURS, GREY, Image.new("RGB", (1, 1))])
def test_one_image_is_a_list_of_one(image: Any) -> None:
    images, alone = listed(image)

    assert alone and len(images) == 1 and images[0] is image


@pytest.mark.parametrize(
    "images", [["a.jpg", "b.jpg"], ("a.jpg", COLOURS), iter(["a.jpg", "b.jpg"]), np.zeros((2, 5, 5, 3), np.uint8)]
)
def test_several_images_stay_several(images: Any) -> None:
    found, alone = listed(images)

    assert len(found) == 2 and not alone


def test_neither_one_nor_several_is_refused() -> None:
    with pytest.raises(InputError, match="images must be one image or several in a list, not int"):
        listed(7)
