"""Windows on disk and in parallel: found once for each image, by several threads, kept over interruptions.

A file is named after all that its windows depend on, the pixels and the settings of the search, and holds a checksum.
It appears under its name complete or not at all, so any number of processes may share a folder and die at any time.
"""

import warnings
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

import numpy as np

from .atomic import write_whole
from .colours import Image
from .errors import ProposalError, ProposalWarning
from .ranking import Boxes
from .selective_search import SelectiveSearch, check_image

VERSION = 2  # of the algorithm and of the files: a new one makes all stored windows unknown
MAGIC = b"sppnet windows\n"
DIGEST_BYTES = 16
LOOK_AHEAD = 4  # images under way for each worker


class WindowStore:
    """A folder of windows that one search has found.

    Args:
        folder: Created when the first windows are saved. Several searches and processes may share it.
        search: Its settings are part of every key.
    """

    def __init__(self, folder: str | Path, search: SelectiveSearch) -> None:
        self.folder = Path(folder)
        self.search = search

    def load(self, image: Image) -> Boxes | None:
        """Return the windows of an image, None if they are not there; a damaged file warns and counts as not there."""
        key = self._key(image)
        path = self._path(key)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        windows = _decode(content, key)
        if windows is None:
            warnings.warn(f"{path}: damaged or not a file of windows, ignored", ProposalWarning, stacklevel=2)
        return windows

    def save(self, image: Image, windows: Boxes) -> None:
        """Write the windows of an image, all or nothing; OSError, with the path, if that fails."""
        key = self._key(image)
        write_whole(self._path(key), _encode(windows, key), sync=False)  # cut short, it is a damaged one

    def _key(self, image: Image) -> bytes:
        digest = blake2b(f"{VERSION} {self.search!r} {image.dtype} {image.shape}".encode(), digest_size=DIGEST_BYTES)
        digest.update(np.ascontiguousarray(image).data)
        return digest.digest()

    def _path(self, key: bytes) -> Path:
        name = key.hex()
        return self.folder / name[:2] / f"{name[2:]}.windows"


def compute_windows(
    images: Iterable[Image], search: SelectiveSearch, *, folder: str | Path | None = None, workers: int = 2
) -> Generator[tuple[Image, Boxes], None, None]:
    """Yield every image with its windows, in order.

    Only a few images are under way at any time. The compiled loops let go of the interpreter, so that threads search
    side by side: a script needs no `__main__` guard for them, and they begin at once. They end with the iteration, and
    when the caller leaves it early.

    Args:
        images: uint8 (H, W, 3) arrays.
        search: Finds the windows.
        folder: Where windows are kept and found again; None to keep none.
        workers: How many threads search ahead. 0 or 1: the caller's does, image by image.

    Raises:
        ProposalError: If the number of workers or an image is bad; names the image by its place, from 0.
    """
    if workers < 0:
        raise ProposalError(f"workers must be 0 or more, not {workers}")
    store = None if folder is None else WindowStore(folder, search)
    return _compute_ahead(images, search, store, workers) if workers > 1 else _compute_here(images, search, store)


def _compute_here(
    images: Iterable[Image], search: SelectiveSearch, store: WindowStore | None
) -> Generator[tuple[Image, Boxes], None, None]:
    for place, image in enumerate(images):
        with _named(place):
            known = _load(image, store)
            windows = _find(image, search, store) if known is None else known
        yield image, windows


def _compute_ahead(
    images: Iterable[Image], search: SelectiveSearch, store: WindowStore | None, workers: int
) -> Generator[tuple[Image, Boxes], None, None]:
    threads = ThreadPoolExecutor(workers, "windows")
    under_way: deque[tuple[int, Image, Future[Boxes]]] = deque()
    try:
        for place, image in enumerate(images):
            with _named(place):
                under_way.append((place, image, _submit(threads, image, search, store)))
            if len(under_way) == workers * LOOK_AHEAD:
                yield _finish(*under_way.popleft())
        while under_way:
            yield _finish(*under_way.popleft())
    finally:
        threads.shutdown(cancel_futures=True)


def _submit(threads: Executor, image: Image, search: SelectiveSearch, store: WindowStore | None) -> Future[Boxes]:
    known = _load(image, store)
    if known is None:
        return threads.submit(_find, image, search, store)
    future: Future[Boxes] = Future()
    future.set_result(known)
    return future


def _finish(place: int, image: Image, future: Future[Boxes]) -> tuple[Image, Boxes]:
    with _named(place):
        return image, future.result()


def _load(image: Image, store: WindowStore | None) -> Boxes | None:
    check_image(image)
    return store.load(image) if store else None


def _find(image: Image, search: SelectiveSearch, store: WindowStore | None) -> Boxes:
    windows = search(image)
    if store:
        store.save(image, windows)
    return windows


@contextmanager
def _named(place: int) -> Iterator[None]:
    try:
        yield
    except ProposalError as error:
        raise ProposalError(f"image {place}: {error}") from error


def _encode(windows: Boxes, key: bytes) -> bytes:
    payload = windows.astype("<f4").tobytes()
    return MAGIC + _checksum(key, payload) + payload


def _decode(content: bytes, key: bytes) -> Boxes | None:
    start = len(MAGIC) + DIGEST_BYTES
    payload = content[start:]
    if content[:start] != MAGIC + _checksum(key, payload):
        return None
    return np.frombuffer(payload, "<f4").reshape(-1, 4).astype(np.float32)


def _checksum(key: bytes, payload: bytes) -> bytes:
    return blake2b(payload, digest_size=DIGEST_BYTES, key=key).digest()
