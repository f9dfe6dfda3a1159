"""Annotated films: pictures with their times in, a file that browsers play out."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from PIL import Image

from sppnet import detector
from sppnet.data import whole_path

from .footage import pyav
from .naming import MARK

TICKS = 90_000  # a second; times are whole numbers of these
# x264's: quick, and of a quality at which flaws are not seen; few frames are held to plan ahead.
CODING = {"preset": "veryfast", "crf": "23", "rc-lookahead": "10"}


class FilmWriter:
    """Writes a film, H.264 in MP4, which appears whole on leaving; not so with an error, or if nothing was written.

    Args:
        path: Of the file. Missing folders above it are made.
        rate: Frames a second, for players that want to know; the times count.
        aspect: Width of a pixel by its height.
    """

    def __init__(self, path: Path, rate: Fraction, aspect: Fraction = Fraction(1)) -> None:
        self._path, self._rate, self._aspect = path, rate, aspect
        self._file = ExitStack()
        self._container: Any = None
        self._last = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.__exit__(kind, error, at)

    @contextmanager
    def _closed(self) -> Iterator[None]:
        """Complete what was written in the block."""
        try:
            yield
            self._mux(None)
        finally:
            self._container.close()

    def write(self, picture: Image.Image, seconds: float) -> None:
        """Add a picture that is shown from a time on; all become as large as the first, which gets even sides."""
        av = pyav()
        if self._container is None:
            self._begin(av, picture.size)
        if picture.size != self._size:
            picture = picture.resize(self._size)
        frame = av.VideoFrame.from_ndarray(_even(np.asarray(picture)), format="rgb24")
        self._last = max(round(seconds * TICKS), self._last + 1)  # times must rise
        frame.pts, frame.time_base = self._last, Fraction(1, TICKS)
        self._mux(frame)

    def _begin(self, av: Any, size: tuple[int, int]) -> None:
        self._size = size
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._file.enter_context(whole_path(self._path))
        self._container = av.open(str(partial), "w", format="mp4", options={"movflags": "faststart"})
        self._container.metadata["comment"] = MARK.decode()
        self._stream = self._container.add_stream("libx264", rate=self._rate, options=CODING)
        self._stream.width, self._stream.height = (side + side % 2 for side in size)
        self._stream.pix_fmt = "yuv420p"
        coder = self._stream.codec_context
        coder.time_base, coder.thread_count = Fraction(1, TICKS), detector.thread_count()
        coder.sample_aspect_ratio = self._aspect
        self._file.enter_context(self._closed())

    def _mux(self, frame: Any) -> None:
        for packet in self._stream.encode(frame):
            self._container.mux(packet)


def _even(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return pixels with their last row or column twice where their number is odd: colours are kept for two by two."""
    height, width = pixels.shape[:2]
    return np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
