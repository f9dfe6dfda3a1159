"""Films and cameras: their frames one after the other, upright, each with the time at which it is shown.

Films are read by PyAV, which has their timestamps; cameras by OpenCV, which knows those of every system by a number.
"""

import glob
import importlib
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from sppnet import detector
from sppnet.data import DataError

from ..console import USAGE, CommandError
from .fetching import is_address
from .naming import MARK
from .sources import Source

SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".wmv", ".flv")
CAMERA = re.compile(r"camera:([0-9]{1,3})")
MAX_PIXELS = 64_000_000  # of a frame, as of an image
USUAL_RATE = Fraction(30)  # frames a second where nothing tells
OWN_FILE_ONLY = {"protocol_whitelist": "file"}  # some films are lists of addresses
SECONDS_SHORT = 0.5  # a film may end so much before the time it says

Pixels = npt.NDArray[np.uint8]


def films_among(words: Sequence[str]) -> list[str]:
    """Return the films and cameras that words name, those of a pattern by name; none if they name images.

    Raises:
        click.UsageError: If they name both.
    """
    named = [word for word in words if CAMERA.fullmatch(word) or _is_film(word)]
    if named and len(named) < len(words):
        other = next(word for word in words if word not in named)
        raise click.UsageError(f"{named[0]}: films and cameras are seen by themselves, without {other}")
    return [path for word in named for path in _matches(word)]


def _is_film(word: str) -> bool:
    return word.lower().endswith(SUFFIXES) and not is_address(word) and not word.startswith("@")


def _matches(word: str) -> list[str]:
    """Return the films that a pattern matches; a word alone where it is none, or matches nothing."""
    found = [] if Path(word).exists() else sorted(glob.iglob(word, recursive=True))
    return [path for path in found if not is_our_film(path)] or [word]


def pyav() -> Any:
    """Return the library of films, silent.

    Raises:
        CommandError: If it is not installed.
    """
    try:
        av = importlib.import_module("av")
    except ModuleNotFoundError:
        raise CommandError("films need PyAV, which is not installed: pip install av", USAGE) from None
    av.logging.set_level(None)
    return av


def is_our_film(path: str | Path) -> bool:
    """Return whether a file is a film that carries our mark; not so one that cannot be read."""
    if not Path(path).is_file():
        return False
    av = pyav()
    try:
        with av.open(str(path), options=OWN_FILE_ONLY) as container:
            return bool(container.metadata.get("comment") == MARK.decode())
    except (av.FFmpegError, OSError):
        return False


@dataclass(frozen=True)
class Frame:
    """A frame, yet to be made pixels of.

    Attributes:
        name: Of the film or camera.
        number: From 0.
        seconds: Since the first frame.
        picture: PyAV's frame, or the pixels.
    """

    name: str
    number: int
    seconds: float
    picture: Any

    def __str__(self) -> str:
        """Return what the results call the film."""
        return self.name

    def read(self, **_limits: int) -> Pixels:
        """Return the pixels as they are shown, uint8 (H, W, 3)."""
        if isinstance(self.picture, np.ndarray):
            return self.picture
        pixels = self.picture.to_ndarray(format="rgb24")
        return np.ascontiguousarray(np.rot90(pixels, self.picture.rotation // 90))


class Film:
    """A film, whose frames are read once.

    Args:
        path: Of the file.

    Attributes:
        name: The path as text that every file can hold.
        rate: Frames a second, on the average.
        aspect: Width of a pixel by its height; 1 but for films of old television.
        total: How many frames there should be, roughly; None if that is not known.
        count: How many have been read.
        problem: What was wrong when all have been read, empty if nothing was.

    Raises:
        DataError: If the file is no film, or without pictures.
    """

    def __init__(self, path: str) -> None:
        self.name, self.count, self.problem = str(Source(path)), 0, ""
        self._av = pyav()
        try:
            if not Path(path).is_file():  # opening a pipe could wait for ever
                raise DataError(f"{self.name}: {'not a file' if Path(path).exists() else 'no such file'}")
            self._container = self._av.open(path, options=OWN_FILE_ONLY)
        except (self._av.FFmpegError, OSError) as error:
            raise DataError(f"{self.name}: no film that can be read: {error.strerror}") from error
        if not self._container.streams.video:
            self.close()
            raise DataError(f"{self.name}: a film without pictures")
        self._stream = self._container.streams.video[0]
        width, height = self._stream.codec_context.width, self._stream.codec_context.height
        if width * height > MAX_PIXELS:
            self.close()
            raise DataError(f"{self.name}: frames of {width} x {height} pixels, the limit is {MAX_PIXELS} pixels")
        self._stream.thread_type, self._stream.codec_context.thread_count = "AUTO", detector.thread_count()
        self.rate = Fraction(self._stream.average_rate or USUAL_RATE)
        self.aspect = Fraction(self._stream.sample_aspect_ratio or 1)
        self._length, self._damaged = _length(self._container, self._stream), 0
        self.total = self._stream.frames or (round(self._length * self.rate) if self._length else None)

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames, and note what was wrong; what cannot be decoded between them is left out."""
        first, seconds, end, between = None, 0.0, 0.0, float(1 / self.rate)
        for picture in self._pictures():
            if picture.pts is not None:
                first = picture.pts if first is None else first
                seconds = float((picture.pts - first) * picture.time_base)
            elif self.count:
                seconds += between
            end = max(end, seconds + (float(picture.duration * picture.time_base) if picture.duration else between))
            self.count += 1
            yield Frame(self.name, self.count - 1, seconds, picture)
        self.problem = self._verdict(end)

    def _pictures(self) -> Iterator[Any]:
        """Yield what can be decoded, and count the packets that cannot."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)  # after an error there is none
                pictures = packet.decode()
                self._damaged += packet.is_corrupt
            except StopIteration:
                return
            except self._av.FFmpegError:
                self._damaged += 1
                continue
            yield from pictures

    def _verdict(self, end: float) -> str:
        """Return what was wrong with a film whose last frame is shown until then, empty if nothing was."""
        short = self._length is not None and self._length - end > max(SECONDS_SHORT, float(2 / self.rate))
        if not self._damaged and not short:
            return ""
        what = "the film ends too early" if short else "parts of the film are left out"
        why = f": {self._damaged} of its packets cannot be decoded" if self._damaged else ""
        whole = f" of {self._length:.1f}" if self._length else ""
        return f"{self.name}: {what}{why}; {self.count} frames, {end:.1f} s{whole}, were read"

    def close(self) -> None:
        """Close the file."""
        self._container.close()


class Camera:
    """A camera, which gives frames without end.

    Args:
        number: Of the camera, from 0.

    Attributes:
        name: `camera:0`
        rate: Frames a second that it promises.
        aspect: 1
        total: None
        count: How many have been read.
        problem: What was wrong when it gave no more; empty before.

    Raises:
        DataError: If it cannot be opened.
    """

    aspect, total = Fraction(1), None

    def __init__(self, number: int) -> None:
        import cv2

        getattr(cv2.utils, "logging", cv2).setLogLevel(0)  # silence, in OpenCV 5 and 4: it tells of every way it tried
        self.name, self.count, self.problem = f"camera:{number}", 0, ""
        self._capture = cv2.VideoCapture(number)
        if not self._capture.isOpened():
            raise DataError(f"{self.name}: no camera of this number can be opened")
        self.rate = Fraction(self._capture.get(cv2.CAP_PROP_FPS) or USUAL_RATE).limit_denominator(1001)

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames as they come; time begins with the first."""
        started = None
        while True:
            there, pixels = self._capture.read()
            if not there:
                break
            started = time.monotonic() if started is None else started
            self.count += 1
            rgb = np.ascontiguousarray(pixels[..., ::-1])
            yield Frame(self.name, self.count - 1, time.monotonic() - started, rgb)
        self.problem = f"{self.name}: the camera gives no more frames; {self.count} were read"

    def close(self) -> None:
        """Give the camera back."""
        self._capture.release()


def open_footage(word: str) -> Film | Camera:
    """Return the film or camera that a word names.

    Raises:
        DataError: If it cannot be opened.
    """
    camera = CAMERA.fullmatch(word)
    return Camera(int(camera[1])) if camera else Film(word)


def _length(container: Any, stream: Any) -> float | None:
    """Return how many seconds the pictures of a film last as its head has it, None if it does not tell."""
    if stream.duration:
        return float(stream.duration * stream.time_base)
    if match := re.fullmatch(r"(\d+):(\d+):(\d+\.?\d*)", stream.metadata.get("DURATION", "")):
        return 3600 * int(match[1]) + 60 * int(match[2]) + float(match[3])
    # Of several streams another may be longer.
    return container.duration / 1e6 if container.duration and len(container.streams) == 1 else None
