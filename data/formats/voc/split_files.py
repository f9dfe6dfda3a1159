"""Split files of Pascal VOC: which images a line of `ImageSets/Main/<split>.txt` names, by what is there."""

import codecs
import re
from collections.abc import Callable
from pathlib import Path

from ...errors import DataError
from ...listing import NamedFiles, folder_called, is_hidden
from ..layouts import is_special

# Image sets of single classes have a second column: 1, -1, or 0 where all objects of the class are difficult.
COLUMN = re.compile(r"(.*\S)[ \t]+(?:\+?1|-1|0)")
ONCE = "counted once"  # what happens to a line that is repeated
LINE_END = re.compile(r"\r\n|\r|\n")

Report = Callable[[str, str], None]


def split_files(root: Path) -> dict[str, Path]:
    """Return the split files of a data set by their names."""
    sets = folder_called(root, "ImageSets")
    folder = sets and folder_called(sets, "Main")
    files = sorted(folder.iterdir()) if folder else []
    return {file.stem: file for file in files if file.suffix.lower() == ".txt" and not is_hidden(file)}


def split_ids(root: Path, split: str, files: NamedFiles, report: Report) -> list[str]:
    """Return the ids that the lines of a split name, each once, as the disk writes them.

    Names may hold spaces. Where most lines end with a column and none of these is the name of a file as it stands, the
    column is no part of the names.

    Args:
        root: The data set.
        split: Name of the split.
        files: The files that there are. A plain name that is none of them is returned too: reading it says so.
        report: Called with what breaks which rule, and what happens then: the line is left out. It may raise.

    Raises:
        DataError: If there is no such split, or its file cannot be read.
    """
    known = split_files(root)
    if split not in known:
        there = ", ".join(sorted(known)) or "none at all"
        raise DataError(f"{root / 'ImageSets' / 'Main'}: no split {split!r}, there is {there}")
    ids: dict[str, int] = {}
    for number, name in _names(_lines(known[split]), files).items():
        id_ = _find(name, files) or name
        place = f"{known[split]}: line {number}"
        if id_ in ids:
            report(f"{place} repeats line {ids[id_]}: {id_!r}", ONCE)
        elif id_ not in files.paths and (rule := _broken_rule(id_)):
            report(f"{place}: {rule}, got {id_!r}", "left out")
        else:
            ids[id_] = number
    return list(ids)


def _lines(file: Path) -> dict[int, str]:
    """Return the lines that are not blank by their numbers."""
    if is_special(file):
        raise DataError(f"{file}: not a file")
    try:
        text = _text(file.read_bytes())
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: cannot be read: {error}") from error
    return {number: line.strip() for number, line in enumerate(LINE_END.split(text), 1) if line.strip()}


def _text(data: bytes) -> str:
    """Return the characters of UTF-8, or of UTF-16 with a mark or nearly every second byte 0, as Windows writes it.

    Bytes that are no UTF-8 come as the disk's names have them: a file may be called so.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    for encoding, zeros in (("utf-16-be", data[::2].count(0)), ("utf-16-le", data[1::2].count(0))):
        if 4 * zeros > len(data) and zeros == data.count(0) and len(data) % 2 == 0:
            return data.decode(encoding)
    return data.decode("utf-8-sig", "surrogateescape")


def _names(lines: dict[int, str], files: NamedFiles) -> dict[int, str]:
    """Return the name on every line, without the column if there is one."""
    without = {number: match[1] for number, line in lines.items() if (match := COLUMN.fullmatch(line))}
    has_column = 2 * len(without) > len(lines) and not any(_find(lines[number], files) for number in without)
    return lines | without if has_column else lines


def _find(name: str, files: NamedFiles) -> str | None:
    """Return the id of a file, which Windows may name with its own slashes."""
    return files.find(name) or files.find(name.replace("\\", "/"))


def _broken_rule(name: str) -> str | None:
    """Return what a name must be to be looked for inside its folder, if it is not."""
    if any(character in name for character in "\\\0") or {"", ".", ".."} & set(name.split("/")):
        return "an image id must be a plain name"
    return "an image id must be UTF-8" if any("\ud800" <= character <= "\udfff" for character in name) else None
