"""Where images come from: files, folders, patterns, lists of paths, and addresses on the web."""

import glob
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import numpy.typing as npt

from sppnet.data import IMAGE_SUFFIXES, DataError, file_bytes, read_image

from ..console import BAD_DATA, CommandError, say
from .fetching import fetch, is_address
from .naming import is_ours

ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar")
SUB_FOLDERS, HIDDEN, OTHERS, OURS = "sub-folder{s}", "hidden file{s}", "file{s} of no image type", "picture{s} of ours"


@dataclass(frozen=True)
class Source:
    """An image that is yet to be read.

    Attributes:
        path: Its path or address, as it was given or found.
        folder: The folders between the one that was given and the image, with slashes; mostly none.
    """

    path: str
    folder: str = ""

    def __str__(self) -> str:
        """Return the path as text that every file can hold: what is no text, or controls a terminal, is escaped."""
        text = os.fsencode(self.path).decode(errors="backslashreplace")
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)

    @property
    def is_address(self) -> bool:
        """Whether the image is on the web."""
        return is_address(self.path)

    @property
    def file(self) -> str:
        """The name of the file, without folders."""
        path = unquote(urlsplit(self.path).path) if self.is_address else str(self)
        return PurePosixPath(path).name or "image"

    def read(self, **limits: int) -> npt.NDArray[np.uint8]:
        """Return the pixels, uint8 (H, W, 3).

        Args:
            limits: As `read_image` has them.

        Raises:
            DataError: If the image cannot be had or read.
        """
        return read_image(self.content(), name=str(self), **limits)

    def content(self) -> bytes:
        """Return the bytes of its file.

        Raises:
            DataError: If they cannot be had, or it is an archive.
        """
        if self.is_address:
            return fetch(self.path)
        if self.path.lower().endswith(ARCHIVES) and os.path.isfile(self.path):
            raise DataError(f"{self}: an archive; unpack it, and name the folder")
        return file_bytes(self.path, str(self))


class Sources:
    """The images that some words name, found as they are needed: those of a folder when its turn comes.

    A word is a file, a folder, a pattern, an address, `@` and a file with a path or an address a line, or `-` for such
    lines on standard input. Images come in this order, those of folders and patterns by name, and each once: under two
    names, links to one file, say, it is two. What does not exist is among them; reading it says so.

    Of folders, hidden files, as macOS leaves them beside images, and pictures that were drawn by us are passed over.

    Args:
        words: What names the images.
        recursive: Whether folders inside folders are looked into, their images after those beside them.
        output: A folder that is never looked into.
    """

    def __init__(self, words: Sequence[str], *, recursive: bool = False, output: Path | None = None) -> None:
        self.words, self._recursive = words, recursive
        self._output = output and output.resolve()

    def __iter__(self) -> Iterator[Source]:
        return self._sources({word: Counter() for word in self.words})

    def count(self) -> int | None:
        """Return how many images there are, None if standard input is to tell; what is passed over is said.

        Raises:
            CommandError: If there is none, or a folder or list cannot be read.
        """
        passed_over: dict[str, Counter[str]] = {word: Counter() for word in self.words if word != "-"}
        number = sum(1 for _ in self._sources(passed_over))
        for word, counter in passed_over.items():
            if counter.total():
                say(f"{word}: passed over {_listed(counter)}")
        if "-" in self.words:
            return None
        if not number:
            raise CommandError(f"no images in {', '.join(self.words)}", BAD_DATA)
        return number

    def _sources(self, passed_over: dict[str, Counter[str]]) -> Iterator[Source]:
        """Yield every image that the words of a table name, and count there what is passed over."""
        alone = len(self.words) == 1 and os.path.isdir(self.words[0])  # a folder names no image twice
        seen: set[str] = set()
        for word, counter in passed_over.items():
            for source in self._named(word, counter):
                place = source.path if source.is_address else os.path.abspath(source.path)
                if place not in seen:
                    yield source
                if not alone:
                    seen.add(place)

    def _named(self, word: str, passed_over: "Counter[str]") -> Iterator[Source]:
        if word == "-":
            yield from _lines(sys.stdin.buffer)
        elif word.startswith("@"):
            yield from _listed_in(word[1:])
        elif is_address(word):
            yield Source(word)
        elif os.path.isdir(word):
            yield from self._inside(word, "", passed_over)
        elif os.path.lexists(word) or not glob.has_magic(word):
            yield Source(word)
        else:
            matches = sorted(glob.iglob(word, recursive=True))  # without hidden files
            for path in matches or [word]:
                if os.path.isdir(path):
                    passed_over[SUB_FOLDERS] += "**" not in word
                elif is_ours(path):
                    passed_over[OURS] += 1
                else:
                    yield Source(path)

    def _inside(
        self, folder: str, place: str, passed_over: "Counter[str]", above: tuple[Any, ...] = ()
    ) -> Iterator[Source]:
        """Yield the images of a folder, by name, then those of the folders inside it."""
        inner = []
        for name in _names(folder):
            path = os.path.join(folder, name)
            if os.path.isdir(path):
                inner.append(name)
            elif name.startswith("."):
                passed_over[HIDDEN] += 1
            elif not name.lower().endswith(IMAGE_SUFFIXES):
                passed_over[OTHERS] += 1
            elif is_ours(path):
                passed_over[OURS] += 1
            else:
                yield Source(path, place)
        above = (*above, _identity(folder))
        for name in inner:
            path = os.path.join(folder, name)
            if name.startswith(".") or Path(path).resolve() == self._output:
                continue
            if not self._recursive or _identity(path) in above:
                passed_over[SUB_FOLDERS] += 1
            else:
                yield from self._inside(path, f"{place}/{name}".lstrip("/"), passed_over, above)


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError as error:
        raise CommandError(f"{folder}: cannot be read: {error.strerror}", BAD_DATA) from error


def _identity(folder: str) -> tuple[int, int]:
    """Return what tells whether two paths lead to one folder, so that links cannot lead round in circles."""
    status = os.stat(folder)
    return status.st_dev, status.st_ino


def _listed_in(file: str) -> Iterator[Source]:
    try:
        with open(file, "rb") as lines:
            yield from _lines(lines)
    except OSError as error:
        raise CommandError(f"{file}: a list that cannot be read: {error.strerror}", BAD_DATA) from error


def _lines(lines: Any) -> Iterator[Source]:
    """Yield the image of every line that is not empty; paths count from where the command runs."""
    for line in lines:
        if path := os.fsdecode(line.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n")):
            yield Source(path)


def _listed(counter: "Counter[str]") -> str:
    hints = {SUB_FOLDERS: " (--recursive looks into those of a folder)", OURS: " (drawn or cut out by an earlier run)"}
    counts = ((what, number) for what, number in counter.items() if number)
    return ", ".join(f"{number} {what.format(s='s' * (number > 1))}{hints.get(what, '')}" for what, number in counts)
