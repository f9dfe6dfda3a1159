"""Locks that the system frees when their holder ends, however it ends; the file that is locked tells who that is.

The file is removed by whoever holds it alone at the end. So one that was opened may be another than the one of that
name when the lock is had, and is then opened anew. Of a holder that was killed the file stays until the next one ends.
"""

import errno
import json
import os
import random
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

MOST_BYTES = 4096  # that are read of what a file tells
TRIES = 1000  # to open a file that others remove
LOOKS, PAUSE = 50, 0.01  # at what a holder is about to tell; seconds between them
BUSY = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES)

if sys.platform == "win32":
    import msvcrt

    # A region far behind what is written. Who shares it locks one byte at random, who holds it alone locks all of them.
    REGION, BYTES = 1 << 30, 1 << 20

    def _lock(descriptor: int, *, alone: bool, wait: bool = False) -> None:
        first, count = (0, BYTES) if alone else (random.randrange(BYTES), 1)
        os.lseek(descriptor, REGION + first, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, count)

else:
    import fcntl

    def _lock(descriptor: int, *, alone: bool, wait: bool = False) -> None:
        kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
        fcntl.flock(descriptor, kind if wait else kind | fcntl.LOCK_NB)


class HeldError(Exception):
    """Another process holds the lock.

    Attributes:
        holder: What it tells of itself; empty if that cannot be read.
    """

    def __init__(self, holder: dict[str, Any]) -> None:
        super().__init__("held by another process")
        self.holder = holder


class NoLocksError(Exception):
    """The file system has no locks, as some of networks."""


class FileLock:
    """A lock on a file, held alone or shared with others.

    Args:
        file: Made, with the folders above it, while the lock is held.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._descriptor: int | None = None
        self._made: list[Path] = []

    def hold(self, about: Mapping[str, Any]) -> None:
        """Take the lock alone, and tell others this about its holder.

        Raises:
            HeldError: If another process has it.
            NoLocksError: If there are no locks.
            OSError: If the file cannot be opened.
        """
        descriptor = self._take(lambda opened: _lock(opened, alone=True))
        with suppress(OSError):  # of a full disk, say: the lock is held nevertheless
            os.truncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, json.dumps(dict(about)).encode())

    def share(self) -> None:
        """Take the lock with others, and wait for one who has it alone, which is to remove what it is for.

        Raises:
            NoLocksError: If there are no locks.
            OSError: If the file cannot be opened.
        """
        self._take(lambda opened: _lock(opened, alone=False, wait=True))

    def alone(self) -> bool:
        """Return whether nobody shares the lock, which is then held alone; if somebody does, it may be lost."""
        if self._descriptor is None:
            return True
        try:
            if sys.platform == "win32":
                os.close(self._descriptor)  # with its byte
                self._descriptor = os.open(self.file, os.O_RDWR)
            _lock(self._descriptor, alone=True)
        except OSError:
            return False
        return True

    def release(self) -> None:
        """Let go of the lock, and remove its file, and the folders that were made for it if nothing is in them."""
        if self._descriptor is None:
            return
        alone = self.alone()
        if sys.platform == "win32":
            os.close(self._descriptor)  # first: open files cannot be removed, and so are not if others have them
        if alone:
            with suppress(OSError):
                self.file.unlink()
            for folder in self._made:
                with suppress(OSError):
                    folder.rmdir()
        if sys.platform != "win32":
            os.close(self._descriptor)
        self._descriptor = None

    def _take(self, lock: Callable[[int], None]) -> int:
        parents = self.file.parents
        for _ in range(TRIES):
            self._made += [folder for folder in parents if not folder.exists()]
            with suppress(FileNotFoundError, FileExistsError):  # somebody removes the file, or the folder made for it
                parents[0].mkdir(parents=True, exist_ok=True)
                descriptor = _opened(self.file)
                if self._locked(descriptor, lock):
                    return descriptor
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.file))

    def _locked(self, descriptor: int, lock: Callable[[int], None]) -> bool:
        """Lock an open file, and return whether it is still the one of its name."""
        try:
            lock(descriptor)
        except OSError as error:
            os.close(descriptor)
            if error.errno in BUSY:
                if (holder := _told(self.file)) is None:
                    return False
                raise HeldError(holder) from None
            raise NoLocksError(error.strerror) from None
        try:
            same = os.path.samestat(os.fstat(descriptor), self.file.stat())
        except FileNotFoundError:
            same = False
        if same:
            self._descriptor = descriptor
        else:
            os.close(descriptor)
        return same


def _opened(file: Path) -> int:
    """Open a file to lock, which is made if it is not there; a link is not followed."""
    flags = getattr(os, "O_NOFOLLOW", 0)
    try:
        return os.open(file, os.O_RDWR | os.O_CREAT | flags, 0o666)
    except PermissionError:  # that of somebody else, in a folder that many write to
        return os.open(file, os.O_RDONLY | flags)


def _told(file: Path) -> dict[str, Any] | None:
    """Return what the holder of a lock tells of itself; nothing if that cannot be read, None if it has just ended."""
    for _ in range(LOOKS):
        with suppress(OSError, ValueError, RecursionError):
            try:
                with file.open("rb") as stream:
                    told = json.loads(stream.read(MOST_BYTES))
            except FileNotFoundError:
                return None
            if isinstance(told, dict):
                return told
        time.sleep(PAUSE)  # it has the lock, and has not told yet
    return {}
