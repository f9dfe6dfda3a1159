"""Reads a data set once, image by image, and says all that is wrong with it."""

import math
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import DataError
from ..formats.voc.split_files import ONCE
from ..readers import READERS, find_format
from ..unchecked import Unchecked
from .copies import Copies
from .counting import EdgeCounts
from .examining import LEFT_OUT, Examined, Rules, Search, examine
from .findings import ERROR, KINDS, Finding, Tally
from .mending import Mended
from .names import name_faults

THREADS = 4
_AHEAD = 2  # images under way for each thread
_UNTOLD = (math.inf, math.inf)
_MEASURED = ("yolo",)  # formats whose readers take sizes from the image files
_FROM_ONE = ("voc", "voc-xml")  # formats that count pixels from 1


class Report(NamedTuple):
    """What was found.

    Attributes:
        root: The data set.
        format: Its format.
        tally: The findings.
        images: Split -> how many images its files list.
        objects: Class -> how many objects can be used.
        searched: Objects for which windows were searched.
        notes: What is read in another way than it is written.
        mended: Split -> what is left of it when it is mended; only if asked for.
    """

    root: Path
    format: str
    tally: Tally
    images: dict[str, int]
    objects: dict[str, int]
    searched: int
    notes: list[str]
    mended: dict[str, Mended]

    @property
    def errors(self) -> int:
        """Return how many findings are wrong for certain."""
        return sum(count for kind, (count, _, _) in self.tally.counts.items() if KINDS[kind].grade == ERROR)

    def summary(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        unreached = self.tally.counts.get("unreached", (0,))[0]
        return {
            "root": str(self.root),
            "format": self.format,
            "images": self.images,
            "objects": sum(self.objects.values()),
            "classes": self.objects,
            "errors": self.errors,
            "ceiling": {"objects": self.searched, "reached": self.searched - unreached} if self.searched else None,
            "kinds": self.tally.summary(),
            "notes": self.notes,
        }


def check_data(
    root: Path,
    *,
    format: str | None = None,
    splits: Sequence[str] = ("",),
    classes: Sequence[str] | None = None,
    rename: dict[str, str] | None = None,
    search: Search | None = None,
    search_limit: int | None = None,
    cell: Callable[[tuple[int, int]], float] | None = None,
    keep: int | None = None,
    mend: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Return all that is wrong with a data set. Its images are read once, in a few threads, and never held.

    Args:
        root: The folder or file of the data set.
        format: One of `READERS`. The default is the one that recognises it.
        splits: Those to read, one after the other, what is tested on last; "" stands for all images.
        classes: Names that objects may have. The default allows all.
        rename: Names of classes to replace, each with the one that takes its place.
        search: Finds the windows of an image, to see which objects none of them reaches; called in several threads.
        search_limit: Search in only so many images, the first.
        cell: Width and height of an image -> pixels along a cell of the map, to see which objects are smaller.
        keep: How many findings of each kind are kept; None keeps all. All are counted.
        mend: Whether to keep what is left when mistakes are mended, for `write_mended`.
        progress: Called with how many images have been read.

    Raises:
        DataError: If there is no such data set or split, or no class of a name to replace.
    """
    found = find_format(root, format)
    known = READERS[found].splits(root)
    if wrong := [split for split in splits if split and split not in known]:
        raise DataError(f"{root}: no split {wrong[0]!r}, there is {', '.join(known) or 'none at all'}")
    rules = Rules(classes, rename or {}, search, cell)
    with tempfile.TemporaryFile() as names:
        check = _Check(root, found, list(splits), rules, Tally(keep), Copies(names), mend)
        check.read(search_limit, progress or (lambda done: None))
        return check.report()


class _Check:
    def __init__(
        self, root: Path, format: str, splits: list[str], rules: Rules, tally: Tally, copies: Copies, mend: bool
    ) -> None:
        self._reader = READERS[format].unread(root)
        self._format, self._rules, self._splits = format, rules, splits
        self._tally, self._copies, self._edges = tally, copies, EdgeCounts()
        self._images, self._objects, self._searched = dict.fromkeys(splits, 0), Counter[str](), 0
        self._mended = {split: Mended(self._reader.root, split or None) for split in splits} if mend else {}

    def read(self, search_limit: int | None, progress: Callable[[int], None]) -> None:
        """Read all splits."""
        done = 0
        for number, split in enumerate(self._splits):
            background = 0
            jobs = (
                (raw, search_limit is None or done + place < search_limit)
                for place, raw in enumerate(self._drawn(split))
            )
            for examined in _ahead(lambda job: examine(job[0], self._rules, job[1]), jobs):
                self._note(examined, number)
                background += examined.raw.objects == []
                progress(sum(self._images.values()))
            done += self._images[split]
            if not self._images[split]:
                self._tally.add([Finding("empty-split", _named(split), "must list images", "left out", images=0)])
            if background:
                fault = f"{background:,} of {self._images[split]:,} images have no objects"
                self._tally.add([Finding("background", _named(split), fault, images=background)])

    def report(self) -> Report:
        """Return what was found in all."""
        place = str(self._reader.root)
        gone = set[int]()
        for row, finding in self._copies.same(list(map(_named, self._splits))):
            gone.add(row)
            self._tally.add([finding])
        if len(self._splits) > 1:
            self._tally.add(self._copies.near(self._splits, gone))
        self._tally.add(self._edges.suspicions(place, self._format in _FROM_ONE))
        declared = self._reader.declared() if len(self._copies) else ()
        rename = self._rules.rename
        if strangers := [name for name in rename if name not in (*declared, *self._objects)]:
            there = ", ".join(dict.fromkeys([*declared, *self._objects]))
            raise DataError(f"{place}: there is no class {strangers[0]!r} to rename; there are {there}")
        self._tally.add(name_faults(place, self._objects, declared, rename))
        for mended in self._mended.values():
            mended.finish(gone, declared, rename, self._reader.category_ids, self._objects)
        objects = {name: count for name, count in self._objects.most_common() if name not in rename}
        notes = self._reader.remarks()
        return Report(
            self._reader.root, self._format, self._tally, self._images, objects, self._searched, notes, self._mended
        )

    def _drawn(self, split: str) -> Iterator[Unchecked]:
        """Yield the images of a split whose annotations can be read."""
        try:
            for raw in self._reader.unchecked(split or None):
                self._images[split] += 1
                self._pass_on(raw)
                if raw.objects is not None:
                    yield raw._replace(size=_UNTOLD) if self._format in _MEASURED else raw
        except DataError as error:
            self._reader.problems.append(f"{error}: left out, with what comes after it")
        self._pass_on(None)

    def _pass_on(self, raw: Unchecked | None) -> None:
        """Count what a reader could not read."""
        for problem in self._reader.problems:
            what, _, remedy = problem.rpartition(": ")
            place, _, fault = what.partition(": ")
            kind, mended = "annotation", LEFT_OUT if "image" in remedy else "left out"
            if remedy == ONCE:
                kind, mended = "repeated-entry", "listed once"
            elif raw is not None and raw.objects is None and place == str(raw.file):
                kind = "broken-image"
            self._tally.add([Finding(kind, place, fault, mended)])
        self._reader.problems.clear()

    def _note(self, examined: Examined, split: int) -> None:
        """Count what was found in an image, and keep what finds copies."""
        self._tally.add(examined.findings, of_one=True)
        if examined.picture is None:
            return
        for found in examined.raw.objects or ():
            if found.box is not None and found.name in self._rules.rename:
                self._objects[found.name] += 1
        self._objects.update(thing.name for thing in examined.things)
        self._edges.add(examined.boxes, examined.size)
        self._searched += examined.searched
        if self._mended:
            self._mended[self._splits[split]].add(len(self._copies), examined)
        self._copies.add(examined.picture, str(examined.raw.file), examined.labels, split)


def _ahead(function: Callable[[Any], Examined], jobs: Iterable[Any]) -> Iterator[Examined]:
    """Yield what a function makes of jobs, in order, a few at a time under way in threads."""
    under_way: deque[Future[Examined]] = deque()
    pool = ThreadPoolExecutor(THREADS, "check")
    try:
        for job in jobs:
            under_way.append(pool.submit(function, job))
            if len(under_way) == THREADS * _AHEAD:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _named(split: str) -> str:
    return split or "all images"
