"""What image files hold, as a number each: a copy is known again, whatever it is called and wherever it lies."""

import hashlib
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..dataset import DataSet

Hashes = npt.NDArray[np.uint64]

MOST_CONTENTS = 2**18  # that are remembered: 2 MB
# 8 bytes: of a million images two have the same with a chance of 1 to 37 million.
_hash = partial(hashlib.blake2b, digest_size=8)


def content_hashes(data: DataSet) -> Hashes:
    """Return a number for what each image's file holds: uint64 (N,), 0 for a file that cannot be read.

    Files of the same bytes have the same number; pictures that were stored anew do not.
    """
    return np.array([_content_hash(data.image_path(number)) for number in range(len(data))], np.uint64)


def remembered(hashes: Hashes) -> Hashes:
    """Return the numbers to keep, sorted, each once: all, or the smallest of very many, which are a random part."""
    return np.unique(hashes[hashes != 0])[:MOST_CONTENTS]


def digest(*parts: bytes | memoryview) -> int:
    """Return 64 bits that tell some bytes; all bytes of a file give the number that `content_hashes` has for it."""
    found = _hash()
    for part in parts:
        found.update(part)
    return int.from_bytes(found.digest())


def _content_hash(file: Path) -> int:
    try:
        with file.open("rb") as stream:
            return int.from_bytes(hashlib.file_digest(stream, _hash).digest())
    except OSError:  # where the picture is read, that is told
        return 0
