"""Tests of letters for captions: what can be drawn is, and the rest can be read."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageFont

from sppnet.detector.face import fonts
from sppnet.detector.face.fonts import readable


@pytest.fixture(autouse=True)
def no_system_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(fonts, "_font_files", lambda: iter(()))
    fonts._system_font.cache_clear()
    yield
    fonts._system_font.cache_clear()


def drawn(caption: str) -> bytes:
    text, font = readable(caption, 20)
    return bytes(font.getmask(text))


def test_ascii_keeps_its_font() -> None:
    assert drawn("cat 0.93") == bytes(ImageFont.load_default(20).getmask("cat 0.93"))


@pytest.mark.parametrize("caption", ["café 0.93", "Поднос 0.93", "γάτα"])
def test_the_alphabets_of_europe_are_drawn_as_they_are(caption: str) -> None:
    assert readable(caption, 20)[0] == caption
    assert len({drawn(letter) for letter in set(caption)}) == len(set(caption))


def test_an_accent_of_its_own_is_joined_to_its_letter() -> None:
    assert readable("cafe\u0301", 20)[0] == "caf\u00e9"


def test_what_no_font_has_is_spelled_by_its_number() -> None:
    assert readable("猫 é \U0001f9ff", 20)[0] == "\\u732b é \\U0001f9ff"


@pytest.mark.parametrize(
    ("caption", "text"),
    [("a\nb\x1b[2J", "a\\nb\\x1b[2J"), ("\u202ecat", "\\u202ecat"), ("é\u2028", "é\\u2028"), ("\ud83d", "\\ud83d")],
)
def test_what_would_break_or_turn_a_line_is_escaped(caption: str, text: str) -> None:
    assert readable(caption, 20)[0] == text


def test_a_font_of_the_system_that_has_the_letters_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    other = str(Path(fonts._dejavu()).with_name("STIXGeneral.ttf"))
    monkeypatch.setattr(fonts, "_font_files", lambda: iter([str(tmp_path / "broken.ttf"), other]))

    caption, font = readable("a \u210a", 20)

    assert caption == "a \u210a"
    assert bytes(font.getmask(caption)) == bytes(ImageFont.truetype(other, 20).getmask(caption))


def test_fonts_are_loaded_once() -> None:
    assert readable("é", 20)[1] is readable("ж", 20)[1]
    assert np.shape(readable("a", 20)[1].getmask("a")) == np.shape(readable("b", 20)[1].getmask("a"))
