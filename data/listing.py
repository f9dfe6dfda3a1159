"""Which files of a folder count, and which names are one: hidden files, folders inside folders, accents and case."""

import os
import unicodedata
from collections.abc import Collection, Sequence
from pathlib import Path

from .errors import DataError

# What systems leave beside files without a dot before its name: previews, bins, what a Mac packs along.
LEFT_BY_SYSTEMS = frozenset(
    {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir", "$recycle.bin", "system volume information"}
)


def is_hidden(path: str | Path) -> bool:
    """Return whether a file or folder is none of the user's: its name begins with a dot, or systems make it.

    So are `._photo.jpg` and `.DS_Store` of macOS, `Thumbs.db` of Windows and `@eaDir` of network disks.
    """
    name = os.path.basename(path)
    return name.startswith(".") or name.lower() in LEFT_BY_SYSTEMS


def files_below(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """Return the files in a folder and the folders inside it, sorted; those that are hidden are passed over.

    Links are followed, into a folder around them not again. One that leads nowhere is returned: reading it says so.

    Args:
        folder: Where to look; it may be hidden itself.
        suffixes: Ends of names wanted, lower case, such as ".jpg".

    Raises:
        DataError: If a folder cannot be listed.
    """
    found: list[Path] = []
    left: list[tuple[Path, tuple[str, ...]]] = [(folder, (os.path.realpath(folder),))]
    while left:
        here, around = left.pop()
        try:
            with os.scandir(here) as listed:
                entries = [entry for entry in listed if not is_hidden(entry.name)]
        except OSError as error:
            raise DataError(f"{here}: cannot be read: {error.strerror}") from error
        for entry in entries:
            if entry.is_dir():
                real = os.path.realpath(entry.path)
                left += [(here / entry.name, (*around, real))] * (real not in around)
            elif os.path.splitext(entry.name)[1].lower() in suffixes:
                found.append(here / entry.name)
    return sorted(found)


def folder_called(parent: Path, *names: str) -> Path | None:
    """Return the folder in a folder that has the first of these names that one has, in capitals or not."""
    if not parent.is_dir():
        return None
    for name in names:
        if (parent / name).is_dir():
            return parent / name
        for path in sorted(parent.iterdir()):
            if path.name.lower() == name.lower() and path.is_dir():
                return path
    return None


def normal(name: str) -> str:
    """Return a name in Unicode's composed form (NFC): disks and programs write one accent in two ways."""
    return unicodedata.normalize("NFC", name)


class NamedFiles:
    """The files in a folder and the folders inside it, by name: their path below the folder without suffix, with `/`.

    Args:
        folder: Where the files are.
        suffixes: Those wanted, lower case; of two files with one name that with the first suffix counts.

    Attributes:
        paths: The file of each name, names in order.
    """

    def __init__(self, folder: Path, suffixes: Sequence[str]) -> None:
        self.folder = folder
        files = files_below(folder, suffixes)
        files.sort(key=lambda path: suffixes.index(path.suffix.lower()), reverse=True)
        named = {path.relative_to(folder).with_suffix("").as_posix(): path for path in files}
        self.paths = dict(sorted(named.items()))
        self._fold = ignores_case(folder)
        self._alike = {self._key(name): name for name in self.paths}

    def find(self, name: str) -> str | None:
        """Return the name as the disk has it, which may write accents otherwise, and case if it ignores that."""
        return name if name in self.paths else self._alike.get(self._key(name))

    def _key(self, name: str) -> str:
        return normal(name).casefold() if self._fold else normal(name)


def ignores_case(folder: Path) -> bool:
    """Return whether the disk takes names in capitals and in small letters for one, as macOS and Windows do."""
    other = folder.with_name(folder.name.swapcase())
    return other != folder and other.exists() and other.samefile(folder)
