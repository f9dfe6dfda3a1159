"""Outputs that one run at a time writes, and caches that many runs share: a second run is told of the first."""

import os
import shutil
import socket
import time
from pathlib import Path

import click

from ..console import USAGE, CommandError, say
from .locks import FileLock, HeldError, NoLocksError

INSIDE = ".sppnet.lock"


def hold(output: Path, *, inside: bool = False, option: str = "-o") -> None:
    """Let no other run write an output until the running command ends.

    Where the lock's file cannot be made, what is written there will say why; where a file system has no locks, that is
    said, and the run goes on.

    Args:
        output: File or folder; all names of it are one.
        inside: Whether the lock lies in the folder, which others write to, too; else beside the output, hidden.
        option: That names the output, for the message.

    Raises:
        CommandError: If another run writes it; says which.
    """
    context, place = click.get_current_context(), Path(os.path.realpath(output))
    lock = FileLock(place / INSIDE if inside else _beside(place))
    about = {
        "process": os.getpid(),
        "machine": socket.gethostname(),
        "command": context.command_path,
        "since": time.strftime("%Y-%m-%d %H:%M"),
    }
    try:
        lock.hold(about)
    except HeldError as error:
        raise CommandError(
            f"{output} is being written by {_called(error.holder)}: wait for it, or give another {option}", USAGE
        ) from None
    except (NoLocksError, OSError) as error:
        _unlocked(lock, error)
    else:
        context.call_on_close(lock.release)


class Cache:
    """A folder of files under keys that stand for their contents, which any number of runs share.

    It is in use until the running command ends.

    Args:
        folder: The folder, which need not be there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = FileLock(_beside(Path(os.path.realpath(folder))))
        try:
            self._lock.share()
        except (NoLocksError, OSError) as error:
            _unlocked(self._lock, error)
        click.get_current_context().call_on_close(self._lock.release)

    def remove(self) -> None:
        """Remove the folder, unless another run uses it, which is said."""
        if not self._lock.alone():
            say(f"{self.folder} stays: another run uses it")
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.folder.exists():
            say(f"warning: {self.folder} cannot be removed")


def _beside(place: Path) -> Path:
    return place.parent / f".{place.name}.lock"


def _called(holder: dict[str, object]) -> str:
    """Return who holds a lock, in words."""
    if "process" not in holder:
        return "another process"
    machine = holder.get("machine")
    where = "" if machine in (None, socket.gethostname()) else f" on {machine}"
    return f"process {holder['process']}{where} ({holder.get('command')}, since {holder.get('since')})"


def _unlocked(lock: FileLock, error: Exception) -> None:
    if isinstance(error, NoLocksError):
        say(f"warning: {lock.file}: cannot be locked ({error}): another run on the same files would not be noticed")
