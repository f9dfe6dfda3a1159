"""Arrays on disk that a training can always compute again: a bad or missing file is a miss, never an error.

The checksum of a file covers its key, which stands for all that the array depends on, and the version of the files: one
under another's name is no better than a damaged one.
"""

import hashlib
import io
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sppnet.proposals import write_whole

from ..errors import CacheWarning

VERSION = 2  # of the files; those of another have other names and are not looked at
_DIGEST_SIZE = 16


class ArrayCache:
    """A folder of arrays, each under a key. Files appear whole or not at all, and are checked when read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, key: str, array: npt.NDArray[np.generic]) -> None:
        """Keep an array under a key, replacing what was there."""
        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=False)
        payload = buffer.getbuffer()
        write_whole(self._path(key), digest(key, payload), payload, sync=False)  # cut short, it is a damaged one

    def load(self, key: str) -> npt.NDArray[np.generic] | None:
        """Return the array under a key, None where there is none; a damaged file warns and counts as not there."""
        path = self._path(key)
        try:
            content = memoryview(path.read_bytes())
        except OSError:
            return None
        payload = content[_DIGEST_SIZE:]
        try:
            if digest(key, payload) != content[:_DIGEST_SIZE]:
                raise ValueError("another checksum")
            array: npt.NDArray[np.generic] = np.load(io.BytesIO(payload), allow_pickle=False)
        except (ValueError, EOFError):  # somebody may have made the checksum right
            warn_of(path)
            return None
        return array

    def _path(self, key: str) -> Path:
        return self.folder / f"{VERSION}.{key}.array"


def content_key(*parts: bytes | str | npt.NDArray[np.generic]) -> str:
    """Return a key that changes with any of the parts."""
    digest = hashlib.blake2b(digest_size=_DIGEST_SIZE)
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(repr((part.shape, part.dtype.str)).encode())
            digest.update(np.ascontiguousarray(part).data)
        else:
            digest.update(part.encode() if isinstance(part, str) else part)
        digest.update(b"\0")
    return digest.hexdigest()


def digest(key: str, payload: bytes | memoryview) -> bytes:
    """Return the checksum of what is kept under a key, 16 bytes."""
    named = hashlib.blake2b(f"{VERSION} {key}".encode(), digest_size=_DIGEST_SIZE).digest()
    return hashlib.blake2b(payload, digest_size=_DIGEST_SIZE, key=named).digest()


def warn_of(path: Path) -> None:
    """Warn that a file is not used."""
    warnings.warn(f"{path}: damaged, or of another image or setting: ignored", CacheWarning, stacklevel=3)
