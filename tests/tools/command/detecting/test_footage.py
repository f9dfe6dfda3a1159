"""Tests of films and cameras as frames: upright, at their times, and broken ones as far as they go."""

import struct
from pathlib import Path
from typing import Any, ClassVar

import click
import numpy as np
import pytest

from sppnet.data import DataError
from sppnet.tools.command.detecting.footage import Camera, Film, Frame, films_among, open_footage
from tests.films import SIZE, cut, even, shades, write_film, write_sound

UPRIGHT = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
CLOCKWISE = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)  # shown turned by 90 degrees


def frames(path: Path) -> tuple[list[Frame], Film]:
    film = Film(str(path))
    found = list(film)
    film.close()
    return found, film


def test_frames_have_their_numbers_times_and_pixels(tmp_path: Path) -> None:
    seconds = [0, 0.1, 0.15, 0.5, 0.51, 1.7]

    found, film = frames(write_film(tmp_path / "film.mp4", seconds))

    assert [frame.number for frame in found] == list(range(6))
    np.testing.assert_allclose([frame.seconds for frame in found], seconds, atol=1e-4)
    assert (film.total, film.count, film.problem) == (6, 6, "")
    shade = np.asarray(shades(6)[4]).mean()
    assert found[4].read().shape == (*SIZE[::-1], 3)
    assert abs(found[4].read().mean() - shade) < 3


def test_a_film_that_was_held_upright_is_upright(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", even(2))
    head, mark, rest = film.read_bytes().rpartition(UPRIGHT)
    film.write_bytes(head + CLOCKWISE + rest)
    straight = frames(write_film(tmp_path / "straight.mp4", even(2)))[0][0].read()

    turned = frames(film)[0][0].read()

    assert mark
    np.testing.assert_array_equal(turned, np.rot90(straight, -1))


def test_of_a_film_that_is_cut_off_the_beginning_is_read(tmp_path: Path) -> None:
    found, film = frames(cut(write_film(tmp_path / "film.mp4", even(120))))

    assert 5 < len(found) == film.count < 110
    assert "film.mp4: the film ends too early" in film.problem
    assert f"{film.count} frames, " in film.problem and " s of 4.8, were read" in film.problem


def test_a_damaged_part_is_left_out(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", even(60))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = bytes(2000)
    path.write_bytes(content)

    found, film = frames(path)

    assert len(found) > 30
    assert "packets cannot be decoded" in film.problem


def test_sound_alone_is_no_film(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"sound\.mp4: a film without pictures"):
        Film(str(write_sound(tmp_path / "sound.mp4")))


@pytest.mark.parametrize("content", [b"", b"no film", b"#EXTM3U\n#EXTINF:1\nhttp://127.0.0.1:9/a.ts\n"])
def test_what_is_no_film_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "text.mp4").write_bytes(content)

    with pytest.raises(DataError, match=r"text\.mp4: no film that can be read"):
        Film(str(tmp_path / "text.mp4"))


def test_a_film_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.mp4: no such file"):
        open_footage(str(tmp_path / "none.mp4"))


def test_films_and_cameras_are_known_by_their_names(tmp_path: Path) -> None:
    assert films_among(["a.MP4", "b/c.webm", "camera:1"]) == ["a.MP4", "b/c.webm", "camera:1"]
    assert films_among(["0", "a.jpg", "folder", "https://host/a.mp4", "@films.mp4", "-"]) == []


def test_a_pattern_names_films_but_not_those_we_made(tmp_path: Path) -> None:
    write_film(tmp_path / "ours.mp4", even(1))
    for name in ("b.mp4", "a.mp4"):
        (tmp_path / name).write_text("not ours")

    assert films_among([str(tmp_path / "*.mp4")]) == [str(tmp_path / name) for name in ("a.mp4", "b.mp4")]


def test_films_and_images_are_not_mixed() -> None:
    with pytest.raises(click.UsageError, match=r"a\.mp4: films and cameras are seen by themselves, without b\.jpg"):
        films_among(["b.jpg", "a.mp4"])


class Capture:
    """Stands in for OpenCV's camera: three blue frames."""

    opened: ClassVar[bool] = True

    def __init__(self, number: int) -> None:
        self.left = 3

    def isOpened(self) -> bool:  # noqa: N802
        return self.opened

    def get(self, _property: int) -> float:
        return 0.0

    def read(self) -> tuple[bool, Any]:
        self.left -= 1
        return self.left >= 0, np.full((4, 6, 3), (255, 0, 0), np.uint8)

    def release(self) -> None:
        pass


def test_a_camera_gives_frames_in_rgb_until_it_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cv2.VideoCapture", Capture)
    camera = open_footage("camera:2")

    found = list(camera)

    assert isinstance(camera, Camera) and (camera.name, float(camera.rate), camera.total) == ("camera:2", 30, None)
    assert [frame.number for frame in found] == [0, 1, 2]
    assert found[0].seconds == pytest.approx(0, abs=0.1) and found[2].seconds >= found[1].seconds
    assert found[0].read()[0, 0].tolist() == [0, 0, 255]
    assert camera.problem == "camera:2: the camera gives no more frames; 3 were read"


def test_a_camera_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cv2.VideoCapture", Capture)
    monkeypatch.setattr(Capture, "opened", False)

    with pytest.raises(DataError, match="camera:7: no camera of this number can be opened"):
        open_footage("camera:7")
