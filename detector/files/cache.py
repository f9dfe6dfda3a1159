"""Arrays on disk that a training can always compute again: a bad or missing file is a miss, never an error."""

import hashlib
import io
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .whole import write_whole

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
        write_whole(self._path(key), _digest(payload), payload)

    def load(self, key: str) -> npt.NDArray[np.generic] | None:
        """Return the array under a key, or None where there is none or its file is damaged."""
        try:
            content = memoryview(self._path(key).read_bytes())
        except OSError:
            return None
        payload = content[_DIGEST_SIZE:]
        if _digest(payload) != content[:_DIGEST_SIZE]:
            return None
        array: npt.NDArray[np.generic] = np.load(io.BytesIO(payload), allow_pickle=False)
        return array

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.array"


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


def _digest(payload: memoryview) -> bytes:
    return hashlib.blake2b(payload, digest_size=_DIGEST_SIZE).digest()
