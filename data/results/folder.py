"""The folder of results: files written at once, and files that grow and can be cut back to where they were."""

from collections.abc import Mapping
from pathlib import Path

from ..atomic.partials import named
from ..atomic.system import sync_system
from ..atomic.whole import write_whole
from ..errors import DataError
from ..formats.layouts import is_file


class Results:
    """Files in a folder.

    A file that grows is never left open: what is appended, as what is written, is with the operating system when that
    returns, so that only the machine's end can take it away, not that of the process; after `sync` neither can.

    Args:
        folder: Is made when it is needed.
        sizes: Bytes of the growing files of a run that is to be gone on with: what was appended later is cut off. None
            for a run that begins.

    Attributes:
        folder: As given.
        sizes: Bytes of every file that grows.

    Raises:
        DataError: If a file has fewer bytes, so that something is lost, or its name leads out of the folder.
    """

    def __init__(self, folder: Path, sizes: Mapping[str, int] | None = None) -> None:
        self.folder, self.sizes = folder, dict(sizes or {})
        for file, size in self.sizes.items():
            if file != Path(file).name or size < 0:  # the note that tells them may come from anywhere
                raise DataError(f"{folder / file}: must be a file in the folder, with 0 bytes or more, got {size:,}")
            path = folder / file
            there = path.stat().st_size if is_file(path) else 0
            if there < size:
                raise DataError(f"{path}: must have the {size:,} bytes that were written before, and has {there:,}")
            if there > size:
                with named(path), path.open("r+b") as stream:
                    stream.truncate(size)

    def write(self, file: str, content: bytes) -> None:
        """Write a file as a whole, so that it is complete or not there."""
        write_whole(self.folder / file, content, sync=False)

    def begin(self, file: str, head: str = "") -> bool:
        """Begin a file that grows with its head, and return whether it is new: not so in a run that is gone on with."""
        if file in self.sizes:
            return False
        self.write(file, head.encode())
        self.sizes[file] = len(head.encode())
        return True

    def append(self, file: str, text: str) -> None:
        """Append whole lines to a file that was begun."""
        content = text.encode()
        with named(self.folder / file), (self.folder / file).open("ab") as stream:
            stream.write(content)
        self.sizes[file] += len(content)

    def clean(self) -> None:
        """Remove hidden files, of which others were made."""
        for file in self.sizes:
            if Path(file).name.startswith("."):
                (self.folder / file).unlink(missing_ok=True)

    def sync(self) -> None:
        """Wait until the disk has all that was written, where the system can tell."""
        if self.folder.is_dir():
            sync_system(self.folder)
