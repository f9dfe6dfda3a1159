"""Tests of annotated films: their times, their sides, and that they are whole or not there."""

import contextlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from sppnet.tools.command.detecting.filming import FilmWriter
from tests.films import even, times, write_film


def test_every_picture_is_shown_from_its_time_on(tmp_path: Path) -> None:
    seconds = [0, 0.04, 0.5, 0.51, 2.0]

    np.testing.assert_allclose(times(write_film(tmp_path / "a.mp4", seconds)), seconds, atol=1e-4)


def test_pictures_of_one_time_are_all_kept(tmp_path: Path) -> None:
    shown = times(write_film(tmp_path / "a.mp4", [0, 0.04, 0.04, 0.02, 0.08]))

    assert len(shown) == 5 and shown == sorted(set(shown))


def test_films_are_of_the_kind_that_browsers_play(tmp_path: Path) -> None:
    with av.open(str(write_film(tmp_path / "a.mp4", even(3)))) as container:
        coder = container.streams.video[0].codec_context

        assert (coder.name, coder.pix_fmt) == ("h264", "yuv420p")
    content = (tmp_path / "a.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")  # played before all of it is there


def test_odd_sides_become_even_and_other_sizes_that_of_the_first(tmp_path: Path) -> None:
    with FilmWriter(tmp_path / "a.mp4", Fraction(25)) as film:
        film.write(Image.new("RGB", (33, 17), "white"), 0)
        film.write(Image.new("RGB", (50, 40), "white"), 1)

    with av.open(str(tmp_path / "a.mp4")) as container:
        pixels = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert [image.shape for image in pixels] == [(18, 34, 3)] * 2
    assert min(image.min() for image in pixels) > 250


def test_an_error_leaves_nothing_behind(tmp_path: Path) -> None:
    with contextlib.suppress(ZeroDivisionError), FilmWriter(tmp_path / "a.mp4", Fraction(25)) as film:
        film.write(Image.new("RGB", (32, 16)), 0)
        raise ZeroDivisionError

    assert list(tmp_path.iterdir()) == []


def test_no_pictures_make_no_film(tmp_path: Path) -> None:
    with FilmWriter(tmp_path / "a.mp4", Fraction(25)):
        pass

    assert list(tmp_path.iterdir()) == []
