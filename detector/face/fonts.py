"""Letters for captions: a font that has them all, or a spelling in ASCII of those that none has."""

import os
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

MOST_FONTS = 500  # files looked into for a letter
UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # categories of Unicode: what controls, turns or breaks a line, half a letter
JOINERS = "\u200c\u200d"  # are of these, but shape the letters around them
NO_LETTER = "\U0010ffff"  # every font draws its sign for what it lacks
_FOLDERS = {
    "darwin": ("/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts"),
    "win32": (r"%WINDIR%\Fonts", r"%LOCALAPPDATA%\Microsoft\Windows\Fonts"),
    "linux": ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts"),
}


def readable(caption: str, size: int) -> tuple[str, Font]:
    r"""Return a caption as it can be drawn on one line, and the font for it.

    Line breaks, marks that turn the direction of writing and the like are escaped: \n, \u202e.

    ASCII has Pillow's own font, the alphabets around it DejaVu Sans, which comes with matplotlib, and others a font of
    the system that has all letters of the caption. Where there is none, a letter that DejaVu Sans lacks becomes its
    number, as in Python: \u732b.

    Args:
        caption: The text.
        size: Height of the letters in pixels.
    """
    caption = "".join(_escaped(c) if unicodedata.category(c) in UNSEEN and c not in JOINERS else c for c in caption)
    if caption.isascii():
        return caption, _own(size)
    caption = unicodedata.normalize("NFC", caption)
    wide = _font(_dejavu(), size)
    lacking = "".join(sorted({letter for letter in caption if not _has(wide, letter)}))
    if not lacking:
        return caption, wide
    file = _system_font("".join(sorted(set(caption))))
    if file is not None:
        return caption, _font(file, size)
    spelled = {letter: _escaped(letter) for letter in lacking}
    return "".join(spelled.get(letter, letter) for letter in caption), wide


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode()


@cache
def _own(size: int) -> Font:
    return ImageFont.load_default(size)


@cache
def _font(file: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(file, size)


@cache
def _dejavu() -> str:
    """Return the file of DejaVu Sans, without the time that importing matplotlib takes."""
    matplotlib = find_spec("matplotlib")
    assert matplotlib is not None, "a dependency"
    return str(Path(str(matplotlib.origin)).with_name("mpl-data") / "fonts" / "ttf" / "DejaVuSans.ttf")


def _has(font: ImageFont.FreeTypeFont, letter: str) -> bool:
    """Return whether a font draws a letter otherwise than what it lacks."""
    try:
        return letter.isspace() or bytes(font.getmask(letter)) != bytes(font.getmask(NO_LETTER))
    except RuntimeError:  # what cannot be set on a line
        return False


@cache
def _system_font(letters: str) -> str | None:
    """Return the file of a font of the system that has some letters, a regular one if there is."""
    files = sorted(islice(_font_files(), MOST_FONTS), key=lambda file: ("regular" not in file.lower(), file))
    return next((file for file in files if _file_has(file, letters)), None)


def _file_has(file: str, letters: str) -> bool:
    try:
        font = ImageFont.truetype(file, 12)
        return all(_has(font, letter) for letter in letters)
    except OSError:  # damaged, or of a kind that Pillow does not know
        return False


def _font_files() -> Iterator[str]:
    for folder in _FOLDERS.get(sys.platform, _FOLDERS["linux"]):
        for path, _, names in os.walk(os.path.expanduser(os.path.expandvars(folder))):
            yield from (os.path.join(path, name) for name in names if name.lower().endswith((".ttf", ".otf", ".ttc")))
