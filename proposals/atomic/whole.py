"""Files and folders that appear complete or not at all: written under another name, and renamed.

What has the name when a program is killed, the disk is full or the power fails is the old or the new.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from .partials import named, partial_of, sweep
from .system import exchanged, locked, sync_folder, sync_path, sync_tree


def write_whole(file: Path, *parts: bytes | memoryview, sync: bool = True) -> None:
    """Write a file from its parts; folders above it are made. See `whole_file`."""
    with named(file):
        file.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(file, sync=sync) as stream:
        for part in parts:
            stream.write(part)


@contextmanager
def whole_file(file: Path, *, sync: bool = True) -> Iterator[IO[bytes]]:
    """Open a file that gets its name when the block ends, and leave what had the name before if that fails.

    A link is replaced, not followed.

    Args:
        file: In a folder that is there.
        sync: Wait until the disk has it. Else the end of the machine, not that of the process, may cut it short.

    Raises:
        OSError: If it cannot be written, with its name.
    """
    with whole_path(file, sync=sync) as partial, partial.open("wb") as stream:
        yield stream


@contextmanager
def whole_path(file: Path, *, sync: bool = True) -> Iterator[Path]:
    """Give the path to write a file to, which gets its name when the block ends; see `whole_file`."""
    with named(file):
        with partial_of(file) as partial:
            yield partial
            if sync:
                sync_path(partial)
            os.replace(partial, file)
        if sync:
            sync_folder(file.parent)
    sweep(file)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder, which gets its name when the block ends, in place of the one that had it.

    Folders above it are made. A link is followed.

    Raises:
        OSError: If it cannot be written, with its name or that of a file in it.
    """
    folder = folder.resolve()
    with named(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with partial_of(folder, is_folder=True) as partial:
            yield partial
            sync_tree(partial)
            recover_folder(folder)
            _put(partial, folder)
        sync_folder(folder.parent)
    sweep(folder)
    with suppress(OSError), locked(folder.parent):
        _remove_old(folder)


def recover_folder(folder: Path) -> None:
    """Put a folder back whose replacement was broken off between two renames, where the system cannot do with one.

    Raises:
        OSError: If that is not possible.
    """
    folder = folder.resolve()
    old = _old(folder)
    if old.is_dir() and not folder.exists():
        with locked(folder.parent):
            if old.is_dir() and not folder.exists():
                old.rename(folder)
                sync_folder(folder.parent)


def _put(partial: Path, folder: Path) -> None:
    """Give a folder its name; what had it gets the partial's, or, where the system cannot exchange them, the old's."""
    while not folder.exists():
        try:
            partial.rename(folder)
            return
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):  # another has been quicker
                raise
    if not exchanged(partial, folder):
        with locked(folder.parent):
            _put_by_turns(partial, folder)


def _put_by_turns(partial: Path, folder: Path) -> None:
    """Give a folder its name by two renames, between which `recover_folder` can put the old one back."""
    _remove_old(folder)
    old = folder.rename(_old(folder))
    try:
        partial.rename(folder)
    except BaseException:
        old.rename(folder)
        raise


def _remove_old(folder: Path) -> None:
    """Remove what a folder has replaced."""
    if folder.exists() and _old(folder).exists():
        shutil.rmtree(_old(folder))


def _old(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")
