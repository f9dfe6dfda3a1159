"""Thumbnails: the part shown, the colours of the boxes, one read for an image, and none for a broken one."""

import base64
import io

import numpy as np
from PIL import Image

from sppnet.tools.reports.page.examples import Example
from sppnet.tools.reports.page.thumbnails import SIDE, Thumbnail, thumbnails

from .drawn import NAMES, Album

BOX, OTHER = np.array([40.0, 10, 80, 50]), np.array([50.0, 10, 90, 50])


def decoded(thumbnail: Thumbnail) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(thumbnail.address.partition("base64,")[2])))


def test_a_picture_is_as_large_as_it_says_and_shows_both_colours() -> None:
    [made] = thumbnails([Example(0, "dog", BOX, OTHER)], NAMES, Album().image)

    picture = decoded(made)
    pixels = np.asarray(picture).astype(int)
    assert picture.size == (made.width, made.height) and max(picture.size) == SIDE
    assert ((pixels[..., 0] > 200) & (pixels[..., 2] < 90)).any()  # orange
    assert ((pixels[..., 2] > 200) & (pixels[..., 0] < 90)).any()  # blue


def test_an_image_is_read_once() -> None:
    album = Album()

    made = thumbnails([Example(n, f"{n}", BOX, None) for n in (1, 0, 1)], NAMES, album.image)

    assert ([each.text for each in made], album.reads) == (["1", "0", "1"], [0, 1])


def test_boxes_at_the_border_or_without_area_or_outside_have_a_picture() -> None:
    boxes = [(0, 0, 120, 60), (119, 59, 120, 60), (5, 5, 5, 5), (300, 300, 400, 400), (-50, -50, -40, -40)]

    made = thumbnails([Example(0, "", np.array(box, float), None) for box in boxes], NAMES, Album().image)

    assert all(min(decoded(each).size) >= 1 for each in made)


def test_an_image_that_cannot_be_read_is_told() -> None:
    [made] = thumbnails([Example(1, "dog", BOX, None)], NAMES, Album(1).image)

    assert made == Thumbnail("two", "dog (image cannot be read)", "", 0, 0)
