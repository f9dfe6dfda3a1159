"""The shards of a run as one: checked against each other, then read in the order of its images."""

from collections.abc import Callable, Iterator
from pathlib import Path

from ..console import BAD_DATA, CommandError
from ..detecting.journal import chained
from .records import Entry, differing, read_lines
from .shards import Shard, shards_of

Tell = Callable[[str, int, int | None], None]


class Shards:
    """All shards of an output.

    Attributes:
        head: What they have in common.
        count: How many shards there are.
        images: How many images they have together, once they are checked.
        skipped: How many of them were left out.

    Raises:
        CommandError: If a shard is missing, or they are not of one run.
        DataError: If one is damaged.
    """

    def __init__(self, output: Path) -> None:
        files = shards_of(output)
        _check_all_there(output, list(files))
        self._files = list(files.values())
        heads = [_head(file) for file in self._files]
        for file, head in zip(self._files, heads, strict=True):
            if difference := differing(heads[0], head):
                raise CommandError(f"{file}: is not of the run of {self._files[0]}: {difference}", BAD_DATA)
        self.head, self.count = heads[0], len(files)
        self.images = self.skipped = 0

    def check(self, progress: Tell) -> None:
        """Look through all lines: every image must be there, once, and in its place.

        Raises:
            CommandError: If that is not so, or a shard is not finished.
            DataError: If a line is damaged.
        """
        names, images, skipped, streams = "", 0, 0, self._streams()
        while "digest" not in (entry := self._line(streams, images)):
            names, images, skipped = chained(names, entry["image"]), images + 1, skipped + ("skipped" in entry)
            progress("checked", images, None)
        for further in range(self.count):
            file = self._files[(images + further) % self.count]
            foot = self._line(streams, images + further) if further else entry
            if (foot.get("images"), foot.get("digest")) != (images, names):
                raise CommandError(
                    f"{file}: saw other images than the other shards: here {images} are one run's, there "
                    f"{foot.get('images', 'more')}; every shard must be given the same ones",
                    BAD_DATA,
                )
        self.images, self.skipped = images, skipped

    def entries(self, progress: Tell) -> Iterator[Entry]:
        """Yield what was found in every image that was not left out, in the order of one run."""
        streams = self._streams()
        for place in range(self.images):
            entry = self._line(streams, place)
            progress("merged", place + 1, self.images)
            if "skipped" not in entry:
                yield entry

    def _streams(self) -> list[Iterator[tuple[Entry, int]]]:
        streams = [read_lines(file) for file in self._files]
        for stream in streams:
            next(stream)
        return streams

    def _line(self, streams: list[Iterator[tuple[Entry, int]]], place: int) -> Entry:
        """Return the line of the image at a place, or the foot of the shard whose turn it would be."""
        entry, _ = next(streams[place % self.count], ({}, 0))
        if not entry:
            file = self._files[place % self.count]
            raise CommandError(f"{file}: is not finished: run that shard again, it goes on from there", BAD_DATA)
        return entry


def _head(file: Path) -> Entry:
    for entry, _ in read_lines(file):
        return {name: value for name, value in entry.items() if name != "shard"}
    raise CommandError(f"{file}: is empty: run that shard again", BAD_DATA)


def _check_all_there(output: Path, shards: list[Shard]) -> None:
    counts = sorted({shard.total for shard in shards})
    if not counts:
        raise CommandError(f"{output}: there are no shards of it, which runs with --shard write", BAD_DATA)
    if len(counts) > 1:
        which = " and ".join(f"1/{count}" for count in counts)
        raise CommandError(
            f"{output}: has shards of several runs, such as {which}; remove those of the others", BAD_DATA
        )
    missing = sorted(set(range(1, counts[0] + 1)) - {shard.number for shard in shards})
    if missing:
        which = ", ".join(str(Shard(number, counts[0])) for number in missing[:10])
        raise CommandError(f"{output}: {len(missing)} of {counts[0]} shards are missing: {which}", BAD_DATA)
