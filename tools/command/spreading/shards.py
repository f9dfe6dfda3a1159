"""Shards: every N-th image is one process's, whoever starts it, so that N of them share a run without a scheduler."""

import re
from pathlib import Path
from typing import NamedTuple, TypeVar

import click

T = TypeVar("T")


class Shard(NamedTuple):
    """The images number, number + total, ..., counted from 1.

    Neighbours go to different shards: what is slow, as the large pictures of one folder, is spread evenly, and nobody
    needs to know how many images there are.
    """

    number: int
    total: int

    def __str__(self) -> str:
        return f"{self.number}/{self.total}"

    def has(self, place: int) -> bool:
        """Return whether the image at a place, counted from 0, is of this shard."""
        return place % self.total == self.number - 1

    def size(self, images: int) -> int:
        """Return how many of so many images are of this shard."""
        return len(range(self.number - 1, images, self.total))

    def file(self, output: Path) -> Path:
        """Return where the results of this shard are written: in the output if that is a folder, else beside it."""
        name = f"shard-{self.number}-of-{self.total}.jsonl"
        return output / name if output.is_dir() else output.with_name(f"{output.name}.{name}")


def shards_of(output: Path) -> dict[Shard, Path]:
    """Return the results of shards that belong to an output, by shard, sorted."""
    folder, prefix = (output, "") if output.is_dir() else (output.parent, f"{output.name}.")
    form = re.compile(re.escape(prefix) + r"shard-([1-9]\d*)-of-([1-9]\d*)\.jsonl")
    names = (form.fullmatch(path.name) for path in (folder.iterdir() if folder.is_dir() else ()))
    return dict(sorted((Shard(int(name[1]), int(name[2])), folder / name[0]) for name in names if name))


def _shard(_context: click.Context, _option: click.Parameter, text: str | None) -> Shard | None:
    if text is None:
        return None
    form = re.fullmatch(r"([1-9]\d{0,5})/([1-9]\d{0,5})", text)
    if not form or int(form[1]) > int(form[2]):
        raise click.BadParameter(f"{text!r} is no shard: give 1/8 to 8/8 to divide a run in eight")
    return Shard(int(form[1]), int(form[2]))


shard_option = click.option(
    "--shard",
    metavar="K/N",
    callback=_shard,
    help="Take only every N-th image from the K-th on; `sppnet merge` joins what all N runs found.",
)
