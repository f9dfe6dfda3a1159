"""What Python does not say alike for all systems: exchanging names, locks that end with their holder, synchronising."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where files that are open cannot be removed or renamed, and folders not be opened
    fcntl = None  # type: ignore[assignment]

LOCKS = fcntl is not None
MANY = 100  # files, from which on the whole file system is synchronised: one call of a few ms instead of 4 ms for each
_EXCHANGE, _SWAP, _HERE = 2, 2, -100  # RENAME_EXCHANGE and AT_FDCWD of Linux, RENAME_SWAP of macOS
_NO_EXCHANGE = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM)


def exchanged(first: Path, second: Path) -> bool:
    """Exchange two names in one step, and return whether system and file system can do that."""
    import ctypes

    names = os.fsencode(first), os.fsencode(second)
    try:
        if sys.platform == "linux":
            failed = ctypes.CDLL(None, use_errno=True).renameat2(_HERE, names[0], _HERE, names[1], _EXCHANGE)
        elif sys.platform == "darwin":
            failed = ctypes.CDLL(None, use_errno=True).renamex_np(*names, _SWAP)
        else:
            return False
    except AttributeError:  # of a C library without it
        return False
    if failed and (code := ctypes.get_errno()) not in _NO_EXCHANGE:
        raise OSError(code, os.strerror(code), str(second))
    return not failed


def lock(opened: int, *, otherwise: bool) -> bool:
    """Lock an open file or folder unless it is locked, and return whether it was not; `otherwise` without locks."""
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return otherwise
    return True


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let one process at a time run the block, where there are locks."""
    if not LOCKS:
        yield
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def is_open(path: Path, opened: int) -> bool:
    """Return whether a path is that of an open file or folder."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(opened))
    except FileNotFoundError:
        return False


def sync_path(path: Path) -> None:
    """Wait until the disk has a file, or the names in a folder."""
    opened = os.open(path, os.O_RDONLY if LOCKS else os.O_RDWR)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names in a folder, where that can be told."""
    try:
        if LOCKS:
            sync_path(folder)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise


def sync_tree(folder: Path) -> None:
    """Wait until the disk has all files in a folder, and their names."""
    tree = [(Path(at), [Path(at, file) for file in files]) for at, _, files in os.walk(folder)]
    if sum(len(files) for _, files in tree) > MANY and sync_system(folder):
        return
    for at, files in tree:
        for file in files:
            if not file.is_symlink():
                sync_path(file)
        sync_folder(at)


def sync_system(folder: Path) -> bool:
    """Wait until the disk has all of the file system that a folder is in, and return whether that can be told."""
    import ctypes

    call = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None) if sys.platform == "linux" else None
    if call is None:
        return False
    opened = os.open(folder, os.O_RDONLY)
    try:
        if call(opened):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(folder))
    finally:
        os.close(opened)
    return True
