"""Files and folders before they are complete: hidden beside what they become, and locked while their writer lives.

What a dead writer left, whose lock the system has let go of, is removed with the next success.
"""

import errno
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .system import LOCKS, is_open, lock

PLACES = 16  # names of partials that are looked at: so many may write the same thing at once, and all be killed


def becomes(name: str) -> str | None:
    """Return the name that a partial, or a folder that is being replaced, is to have or has had; None of others."""
    found = re.fullmatch(r"\.(.+?)(\.\d\d?|\.[0-9a-f]{32})?\.partial|\.(.+)\.old", name)
    return found and (found[1] or found[3])


@contextmanager
def partial_of(target: Path, *, is_folder: bool = False) -> Iterator[Path]:
    """Give a new file, or folder, beside what it is to become; remove it if the block fails."""
    partial, held = _claimed(target, is_folder)
    try:
        yield partial
    except BaseException:
        with suppress(OSError):
            if held is None or is_open(partial, held):  # else it is renamed, and the name perhaps another's
                remove(partial)
        raise
    finally:
        if held is not None:
            with suppress(OSError):
                os.close(held)


def sweep(target: Path) -> None:
    """Remove what dead writers of a file or folder have left."""
    for partial in _places(target):
        _swept(partial)


def remove(path: Path) -> None:
    """Remove a file or a folder with all that is in it."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


@contextmanager
def named(target: Path) -> Iterator[None]:
    """Let an OSError of the block name the target where it names no file, as that of a full disk, or a partial."""
    try:
        yield
    except OSError as error:
        path = _meant(error.filename2 or error.filename, target)
        if path is None or error.errno is None:  # of a library
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def _meant(said: object, target: Path) -> Path | None:
    """Return what an error is about if it says nothing, a target, its folder or its partial; else None."""
    if not isinstance(said, str | bytes):
        return target
    path, folder = Path(os.fsdecode(said)), target.parent
    parts = path.relative_to(folder).parts if path.is_relative_to(folder) else ()
    own = path in (target, folder) or (parts and becomes(parts[0]) == target.name)
    return target.joinpath(*parts[1:]) if own else None


def _claimed(target: Path, is_folder: bool) -> tuple[Path, int | None]:
    """Return a new partial and what holds its lock."""
    for partial in (*_places(target), target.with_name(f".{target.name}.{uuid.uuid4().hex}.partial")):
        if not _swept(partial):
            continue
        with suppress(FileExistsError):
            opened = _new_folder(partial) if is_folder else _new_file(partial)
            if opened is None:
                return partial, None
            if lock(opened, otherwise=True) and is_open(partial, opened):
                return partial, opened
            os.close(opened)  # another has just now taken it for a dead one's
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))


def _places(target: Path) -> list[Path]:
    return [target.with_name(f".{target.name}.{f'{place}.' * (place > 0)}partial") for place in range(PLACES)]


def _new_file(partial: Path) -> int | None:
    opened = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    if LOCKS:
        return opened
    os.close(opened)
    return None


def _new_folder(partial: Path) -> int | None:
    partial.mkdir()
    if not LOCKS:
        return None
    try:
        return os.open(partial, os.O_RDONLY)
    except OSError:
        partial.rmdir()
        raise


def _swept(partial: Path) -> bool:
    """Remove what a dead writer has left under a name, and return whether nothing has that name now."""
    if not os.path.lexists(partial):
        return True
    with suppress(OSError):
        if not LOCKS:
            partial.unlink()  # fails if it is a folder, or open
            return True
        opened = os.open(partial, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if lock(opened, otherwise=False) and is_open(partial, opened):
                remove(partial)
                return True
        finally:
            os.close(opened)
    return False
