"""How far a run of `sppnet detect` is, noted among its results after every image, so that a killed one can go on."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from sppnet.data import write_whole

from ..console import BAD_DATA, USAGE, CommandError

NAME = ".sppnet-detect.json"
Item = TypeVar("Item")


class Journal:
    """What a run has done so far.

    The note is replaced as a whole when all that it tells is written. What a killed run wrote after its last note is
    cut off, or written again.

    Args:
        output: Folder of the results; None where nothing is written, so nothing noted.
        settings: What the results depend on but for the images, ready for JSON.
        resume: Go on with the run whose note is in the folder, if there is one, and keep the note at the end.

    Attributes:
        done: How many images are done, those left out among them.
        skipped: How many of them were left out.
        sizes: Bytes of the files that grow, None for a run that begins.
        finished: Whether nothing is left to do.

    Raises:
        CommandError: If the note is of a run with other settings, or damaged.
    """

    def __init__(self, output: Path | None, settings: dict[str, Any], *, resume: bool) -> None:
        self.done, self.skipped, self.finished = 0, 0, False
        self.sizes: dict[str, int] | None = None
        self._file, self._resume = output and output / NAME, resume
        self._settings, self._images = json.loads(json.dumps(settings)), ""
        if resume and self._file and self._file.exists():
            self._read(self._file)
        else:
            self._remove()

    def remaining(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the images that are not done.

        Raises:
            CommandError: If those done are not the first of them, or there are more though the run is finished.
        """
        images, left = "", iter(items)
        for number in range(self.done):
            if (item := next(left, None)) is None:
                raise CommandError(
                    f"{self._file}: {self.done} images are done, and only {number} are there now", BAD_DATA
                )
            images = chained(images, str(item))
        if images != self._images:
            raise CommandError(f"{self._file}: the first {self.done} images are not those that are done", BAD_DATA)
        for item in left:
            if self.finished:
                raise CommandError(f"{self._file}: that run is finished, and {item} was not among its images", BAD_DATA)
            yield item

    def note(self, image: str, *, skipped: bool, sizes: dict[str, int]) -> None:
        """Note that an image is done, its results written or itself left out; sizes are those of the growing files."""
        self.done, self.skipped, self.sizes = self.done + 1, self.skipped + skipped, sizes
        self._images = chained(self._images, image)
        self._write()

    def finish(self) -> None:
        """Note that all is done, or leave no note behind where nobody asked for one."""
        self.finished = True
        if self._resume:
            self._write()
        else:
            self._remove()

    def _remove(self) -> None:
        if self._file:
            self._file.unlink(missing_ok=True)

    def _write(self) -> None:
        if not self._file:
            return
        names = ("done", "skipped", "finished", "sizes")
        note = {name: getattr(self, name) for name in names} | {"images": self._images, "settings": self._settings}
        write_whole(self._file, json.dumps(note).encode(), sync=self.finished)

    def _read(self, file: Path) -> None:
        try:
            if not file.is_file():
                raise ValueError("not a file")
            note = json.loads(file.read_bytes())
            settings, self._images = note["settings"], note["images"]
            self.done, self.skipped, self.finished = int(note["done"]), int(note["skipped"]), bool(note["finished"])
            self.sizes = {str(file): int(size) for file, size in (note["sizes"] or {}).items()}
            names = {**settings, **self._settings}
        except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise CommandError(f"{file}: no note of a run that can be read: {error}", BAD_DATA) from error
        for name in names:
            before, now = settings.get(name), self._settings.get(name)
            if before != now:
                change = f"{name} was {json.dumps(before)} and is {json.dumps(now)}"
                raise CommandError(f"{file}: a run of other settings: {change}; without --resume it begins anew", USAGE)


def chained(images: str, image: str) -> str:
    """Return what stands for images in their order, with one more behind them."""
    return hashlib.blake2b(f"{images}\0{image}".encode(), digest_size=16).hexdigest()
