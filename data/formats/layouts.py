"""Where the files of data sets lie: images of a folder, folders of splits, and how files begin."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath

from ..decoding.images import IMAGE_SUFFIXES
from ..errors import DataError

SPLITS = ("train", "trainval", "val", "valid", "validation", "test")  # what parts are usually called
MOST_LOOKED_AT = 5  # files of a folder that are opened to find out what they are
HEAD_BYTES = 4096
MAX_BYTES = 1 << 30  # of a text: those of large data sets have half of it


def files_of(folder: Path, *suffixes: str) -> list[Path]:
    """Return the files right in a folder with such a suffix (lower case) that are not hidden, sorted."""
    return sorted(_files(folder, suffixes))


def some_files(folder: Path, *suffixes: str) -> list[Path]:
    """Return a few such files, whichever are found first."""
    return [file for file, _ in zip(_files(folder, suffixes), range(MOST_LOOKED_AT), strict=False)]


def images_of(folder: Path) -> list[Path]:
    """Return the images right in a folder, sorted."""
    return files_of(folder, *IMAGE_SUFFIXES)


def holds_image(folder: Path) -> bool:
    """Return whether an image is right in a folder."""
    return bool(some_files(folder, *IMAGE_SUFFIXES))


def folders_of(root: Path) -> list[Path]:
    """Return the folders right in a folder that are not hidden, sorted."""
    if not root.is_dir():
        return []
    with os.scandir(root) as entries:
        return sorted(root / entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir())


def some_begin(files: Iterable[Path], looks: Callable[[str], bool]) -> bool:
    """Return whether one of some files begins as it should."""
    return any(looks(_head(file)) for file in files)


def parts_by_name(files: Sequence[Path]) -> dict[str, list[Path]]:
    """Return files by the splits that they are named after; a single one with another name is all of a data set."""
    if len(files) == 1 and files[0].stem not in SPLITS:
        return {"": list(files)}
    return {file.stem: [file] for file in files}


def read_text(file: Path, max_bytes: int = MAX_BYTES) -> str:
    """Return the content of a text file of so many bytes at most.

    Raises:
        DataError: If it cannot be read, or is larger.
    """
    try:
        if is_special(file):
            raise DataError(f"{file}: not a file")
        if (size := file.stat().st_size) > max_bytes:
            raise DataError(f"{file}: must have at most {max_bytes:,} bytes, has {size:,}")
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{file}: cannot be read: {error}") from error


def inner_path(name: str) -> PurePosixPath:
    """Return a path that stands in a file if it leads down from where it starts.

    Raises:
        DataError: If it may lead elsewhere.
    """
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or any(sign in name for sign in "\\\0"):
        raise DataError(f"the name of an image must be a path inside the data set, got {name!r}")
    return path


def is_file(path: Path) -> bool:
    """Return whether there is such a file: none has a name that is too long, or that no system takes."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_there(path: Path) -> bool:
    """Return whether there is such a file or folder."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def is_special(path: Path) -> bool:
    """Return whether a path is that of a folder, a pipe or a device: opening it could wait for ever."""
    return is_there(path) and not is_file(path)


def first_file(folders: Sequence[Path], name: str | PurePosixPath) -> Path:
    """Return the first file of this name in some folders; where it should be if there is none."""
    places = [folder / name for folder in folders]
    return next((place for place in places if is_file(place)), places[0])


def by_stem(images: Iterable[Path]) -> dict[str, Path]:
    """Return images by their names without suffix; of two the first suffix of IMAGE_SUFFIXES counts."""
    order = sorted(images, key=lambda file: IMAGE_SUFFIXES.index(file.suffix.lower()), reverse=True)
    return {file.stem: file for file in order}


def unique_ids(files: Sequence[Path], root: Path) -> dict[Path, str]:
    """Return an id for each of some images: its name without suffix; more of its path where others have that, too."""
    ids: dict[Path, str] = {}
    left = dict.fromkeys(files)
    base = root if root.is_dir() else root.parent
    for name in (_stem, _name, _path_stem, _path):
        found = {file: name(file, base) for file in left}
        counts = Counter([*found.values(), *ids.values()])
        ids |= {file: id_ for file, id_ in found.items() if counts[id_] == 1}
        left = {file: None for file in left if file not in ids}
    return ids | {file: str(file) for file in left}


def _stem(file: Path, base: Path) -> str:
    return file.stem


def _name(file: Path, base: Path) -> str:
    return file.name


def _path_stem(file: Path, base: Path) -> str:
    return Path(_path(file, base)).with_suffix("").as_posix()


def _path(file: Path, base: Path) -> str:
    return file.relative_to(base).as_posix() if file.is_relative_to(base) else file.as_posix()


def _files(folder: Path, suffixes: Sequence[str]) -> Iterable[Path]:
    if folder.is_dir():
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.lower().endswith(tuple(suffixes)) and not entry.name.startswith("."):
                    yield folder / entry.name


def _head(file: Path) -> str:
    """Return the start of a file as text; nothing if it cannot be read."""
    if not is_file(file):
        return ""
    try:
        with file.open("rb") as stream:
            return stream.read(HEAD_BYTES).decode("utf-8-sig", errors="replace")
    except OSError:
        return ""
