"""What is known of a picture: its look survives another size and quality, its orientation is found."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sppnet.data import ImageError
from sppnet.data.checking.pictures import look_of, read_picture

from .drawn import draw


def test_a_picture_looks_the_same_at_another_size_and_quality(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", 0, size=(320, 240))
    with Image.open(tmp_path / "a.png") as image:
        image.resize((200, 150)).save(tmp_path / "b.jpg", quality=40)

    first, second = (read_picture(tmp_path / name).look for name in ("a.png", "b.jpg"))

    assert (first ^ second).bit_count() <= 2


def test_other_pictures_look_otherwise(tmp_path: Path) -> None:
    for seed in (0, 1):
        draw(tmp_path / f"{seed}.png", seed)

    first, second = (read_picture(tmp_path / f"{seed}.png").look for seed in (0, 1))

    assert (first ^ second).bit_count() > 15


def test_a_picture_of_one_colour_looks_like_none() -> None:
    assert look_of(np.full((30, 40, 3), 77, np.uint8)) == 0


def test_the_hash_is_of_brightness_falling_to_the_right() -> None:
    falling = np.repeat(np.arange(240, -1, -30, dtype=np.uint8), 2)

    assert look_of(np.repeat(np.tile(falling, (16, 1))[..., None], 3, axis=2)) == 2**64 - 1


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.webp"])
def test_the_orientation_is_found_in_every_format(tmp_path: Path, name: str) -> None:
    draw(tmp_path / name, 0, orientation=6)

    picture = read_picture(tmp_path / name)

    assert (picture.orientation, picture.size) == (6, (30, 40))


def test_a_file_that_is_no_image_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"a\.png: no such file"):
        read_picture(tmp_path / "a.png")
