"""The results of a shard in a file: a head, a line for each image, and a foot when all are done.

Every line is with the operating system before the next image, so that a killed run goes on behind its last whole line.
The foot tells how many images all shards have together, and what stands for their names in order: with it
`sppnet merge` knows that nothing is missing and nothing there twice.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from sppnet.data import DataError, Results, Write, write_whole

from ..console import USAGE, CommandError, say
from ..detecting.journal import chained
from .shards import Shard

Entry = dict[str, Any]
T = TypeVar("T")


class Records:
    """What a shard has found so far; `add` writes a line.

    Args:
        output: Folder or file that the whole run would write.
        shard: Which images are done here.
        head: What the results depend on, and what the merge needs, ready for JSON: the same for all shards of a run.
        resume: Go on with what is there. False begins anew.

    Attributes:
        file: Where the lines are.
        done: How many images of the shard are done, those left out among them.
        skipped: How many of them were left out.
        sizes: Of further files: as a journal has them.
        finished: So, too; what is finished is looked through all the same.

    Raises:
        CommandError: If what is there is of other settings.
        DataError: If it is damaged.
    """

    def __init__(self, output: Path, shard: Shard, head: Entry, *, resume: bool = True) -> None:
        self.file, self._shard = shard.file(output), shard
        self.done = self.skipped = self._images = 0
        self.sizes: dict[str, int] | None = None
        self.finished = False
        self._all = self._known = ""  # stand for the names of all images in order, and of those done here
        self._waiting: deque[str] = deque()
        self._entry: Entry = {}
        whole = {"sppnet": version("sppnet"), **json.loads(json.dumps(head)), "shard": list(shard)}
        if resume and self.file.exists():
            self._take_up(whole)
        else:
            write_whole(self.file, _line(whole))

    def left(self, images: int) -> int:
        """Return how many of the shard are not done, of so many images of the run."""
        return max(0, self._shard.size(images) - self.done)

    def remaining(self, images: Iterable[T], name: Callable[[T], str] = str) -> Iterator[T]:
        """Yield the images of the shard that are not done, of all images of the run.

        Raises:
            CommandError: If those done are not the first of them.
        """
        known, passed, before = "", 0, self.done
        for place, image in enumerate(images):
            self._all, self._images = chained(self._all, name(image)), self._images + 1
            if not self._shard.has(place):
                continue
            if passed < before:
                known, passed = chained(known, name(image)), passed + 1
                if passed == before and known != self._known:
                    raise CommandError(f"{self.file}: the images done are not those that come first now", USAGE)
            else:
                self._waiting.append(name(image))
                yield image
        if passed < before:
            raise CommandError(f"{self.file}: {before} images are done, and only {passed} are there now", USAGE)

    def add(self, image: str, entry: Entry, *, skipped: bool = False) -> None:
        """Write what was found in an image; those before it that nothing was told of have been left out."""
        while (waiting := self._waiting.popleft()) != image:
            self._write({"image": waiting}, skipped=True)
        self._write({"image": image, **entry}, skipped=skipped)

    @contextmanager
    def writer(self, _results: Results, _classes: Sequence[str]) -> Iterator[Write]:
        """Give what takes the record of an image, as the writers of formats do; `note` writes it."""

        def write(name: str, record: Entry) -> None:
            self._entry = {"name": name, "record": record}

        yield write

    def note(self, image: str, *, skipped: bool, sizes: Mapping[str, int]) -> None:
        """Write the line of an image, as a journal notes that it is done."""
        entry, self._entry = self._entry, {}
        self.add(image, entry, skipped=skipped)

    def finish(self) -> None:
        """Write the foot."""
        while self._waiting:
            self._write({"image": self._waiting.popleft()}, skipped=True)
        self._append({"images": self._images, "digest": self._all})
        say(f"shard {self._shard} is in {self.file}: when all are there, sppnet merge joins them")

    def _write(self, entry: Entry, *, skipped: bool) -> None:
        self._append(entry | ({"skipped": True} if skipped else {}))
        self.done, self.skipped = self.done + 1, self.skipped + skipped

    def _append(self, entry: Entry) -> None:
        with self.file.open("ab") as lines:
            lines.write(_line(entry))

    def _take_up(self, head: Entry) -> None:
        """Count what is done, and cut off a foot and half a line."""
        end = 0
        for number, (entry, length) in enumerate(read_lines(self.file)):
            if number == 0:
                _check_head(self.file, entry, head)
            elif "digest" in entry:
                break
            else:
                self._known = chained(self._known, entry["image"])
                self.done, self.skipped = self.done + 1, self.skipped + ("skipped" in entry)
            end += length
        if not end:
            write_whole(self.file, _line(head))
            return
        with self.file.open("r+b") as lines:
            lines.truncate(end)


def read_lines(file: Path) -> Iterator[tuple[Entry, int]]:
    """Yield what is on every whole line of a file, and how many bytes the line has; the first is the head.

    Raises:
        DataError: If a line is not one of ours.
    """
    with file.open("rb") as lines:
        for number, line in enumerate(lines):
            if not line.endswith(b"\n"):
                return
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise DataError(f"{file}, line {number + 1}: no readable JSON: {error}") from error
            wanted = "shard" if number == 0 else "image" if "digest" not in entry else "images"
            if not isinstance(entry, dict) or wanted not in entry:
                raise DataError(f"{file}, line {number + 1}: must be an object with {wanted!r}")
            yield entry, len(line)


def differing(first: Entry, second: Entry) -> str:
    """Return the first setting that two heads do not share, as a sentence has it; nothing if they share all."""
    for name in {**first, **second}:
        if isinstance(first.get(name), dict) and isinstance(second.get(name), dict):
            if inner := differing(first[name], second[name]):
                return inner
        elif first.get(name) != second.get(name):
            return f"{name} {json.dumps(first.get(name))} and {json.dumps(second.get(name))}"
    return ""


def _check_head(file: Path, there: Entry, wanted: Entry) -> None:
    if difference := differing(there, wanted):
        raise CommandError(f"{file}: is of a run of other settings: {difference}; remove it to begin anew", USAGE)


def _line(entry: Entry) -> bytes:
    return (json.dumps(entry) + "\n").encode()
