"""Copies among images: of one split, of two, and pictures of two splits that only look the same.

Of an image 42 bytes are held, and its name in a file aside, so that a million take 42 MB.
"""

from array import array
from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from .findings import Finding
from .pictures import Picture

# Of 64 bits, in which pictures that look the same may differ: of 200 photographs of VOC2007 stored anew at 0.5 to 1.3
# times their size 94 to 100 % do not differ in more. At 4 its train and val had a pair that is none.
NEAR = 3
_BANDS = NEAR + 1  # of two such hashes, one of so many parts is the same
_BLOCK = 1024  # hashes compared with others at once

Integers = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]


class Copies:
    """The hashes of images, in the order in which they were added; their paths are written to a file aside."""

    def __init__(self, names: BinaryIO) -> None:
        self._content, self._shown, self._look, self._labels = (array("Q") for _ in range(4))
        self._split, self._starts = array("H"), array("Q", [0])
        self._names = names

    def __len__(self) -> int:
        return len(self._split)

    def add(self, picture: Picture, name: str, labels: int, split: int) -> None:
        """Note an image: what it shows, its path, a hash of its objects, the number of its split."""
        for values, value in (
            (self._content, picture.content),
            (self._shown, picture.shown),
            (self._look, picture.look),
            (self._labels, labels),
            (self._split, split),
        ):
            values.append(value)
        self._starts.append(self._starts[-1] + self._names.write(name.encode(errors="surrogateescape")))

    def same(self, splits: list[str]) -> Iterator[tuple[int, Finding]]:
        """Yield the number of each image that shows what another does, pixel by pixel, and what to say of it.

        Of several the first in the last split is the one to keep: what is tested on stays as it is.
        """
        shown, numbers = np.array(self._shown, np.uint64), np.array(self._split, np.int64)
        for rows in _runs(shown, np.lexsort((np.arange(len(shown)), -numbers, shown))):
            kept = int(rows[0])
            for row in map(int, rows[1:]):
                yield row, self._same(row, kept, splits)

    def near(self, splits: list[str], gone: set[int]) -> Iterator[Finding]:
        """Yield the images that look like one of a later split; those that are gone do not count."""
        looks, numbers = np.array(self._look, np.uint64), np.array(self._split, np.int64)
        rows = np.setdiff1d(np.flatnonzero(looks), np.array(list(gone), np.int64))
        others, distances = nearest_looks(looks[rows], numbers[rows])
        for row, other, distance in zip(rows, rows[others], distances, strict=True):
            if distance <= NEAR and numbers[row] < numbers[other]:
                there = f"{self._name(int(other))} in {splits[numbers[other]]}"
                fault = f"in {splits[numbers[row]]} looks like {there}: {distance} of 64 bits differ"
                yield Finding("near-copy", self._name(int(row)), fault)

    def _same(self, row: int, kept: int, splits: list[str]) -> Finding:
        name, other = self._name(row), self._name(kept)
        differ = ", with other objects" * (self._labels[row] != self._labels[kept])
        lost = ", its objects are left out" * bool(differ)
        same = "bytes" if self._content[row] == self._content[kept] else "pixels"
        if self._split[row] != self._split[kept]:
            where = f"in {splits[self._split[row]]} and {splits[self._split[kept]]}"
            fault = f"{where}{differ}" if name == other else f"{where} (as {other}, of the same {same}){differ}"
            return Finding("shared", name, fault, f"only in {splits[self._split[kept]]}{lost}")
        if name == other:
            return Finding("repeated-entry", name, f"must be listed once in a split{differ}", f"listed once{lost}")
        return Finding("copy", name, f"has the same {same} as {other}{differ}", f"only the other is kept{lost}")

    def _name(self, row: int) -> str:
        self._names.seek(self._starts[row])
        name = self._names.read(self._starts[row + 1] - self._starts[row]).decode(errors="surrogateescape")
        self._names.seek(0, 2)
        return name


def nearest_looks(looks: Hashes, splits: Integers) -> tuple[Integers, npt.NDArray[np.uint8]]:
    """Return for each hash the number of the nearest one of another split and in how many bits they differ.

    Only those are looked for that differ in at most `NEAR` bits; where there is none, the distance is 255.
    """
    others, distances = np.zeros(len(looks), np.int64), np.full(len(looks), 255, np.uint8)
    edges = np.linspace(0, 64, _BANDS + 1).astype(int)
    for low, high in pairwise(edges):
        keys = looks >> np.uint64(low) & np.uint64((1 << int(high - low)) - 1)
        for members in _runs(keys, np.argsort(keys, kind="stable")):
            for start in range(0, len(members), _BLOCK):
                rows = members[start : start + _BLOCK]
                differ = np.bitwise_count(looks[rows, None] ^ looks[members])
                differ[splits[rows, None] == splits[members]] = 255
                best = differ.argmin(axis=1)
                found = differ[np.arange(len(rows)), best]
                nearer = found < distances[rows]
                others[rows[nearer]], distances[rows[nearer]] = members[best[nearer]], found[nearer]
    return others, distances


def _runs(keys: Hashes, order: Integers) -> Iterator[Integers]:
    """Yield the places of equal keys, two and more, given an order that sorts them."""
    if not len(keys):
        return
    borders = np.flatnonzero(np.diff(keys[order])) + 1
    starts, ends = np.append(0, borders), np.append(borders, len(order))
    for start, end in zip(starts[ends - starts > 1], ends[ends - starts > 1], strict=True):
        yield order[start:end]
