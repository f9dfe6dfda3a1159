"""Films of a few small frames, which tests are made of."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from sppnet.tools.command.detecting.filming import FilmWriter

SIZE = (64, 48)


def shades(count: int) -> list[Image.Image]:
    """Return pictures of SIZE, each lighter than the one before, with some noise, so that films of them have bytes."""
    random = np.random.default_rng(0)
    pictures = (20 + 4 * number + random.integers(0, 16, (SIZE[1], SIZE[0], 3)) for number in range(count))
    return [Image.fromarray(picture.astype(np.uint8)) for picture in pictures]


def write_film(path: Path, seconds: Sequence[float]) -> Path:
    """Write a film of shades that are shown from these times on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FilmWriter(path, Fraction(25)) as film:
        for picture, time in zip(shades(len(seconds)), seconds, strict=True):
            film.write(picture, time)
    return path


def even(count: int) -> list[float]:
    """Return the times of frames that come 25 times a second."""
    return [number / 25 for number in range(count)]


def cut(path: Path) -> Path:
    """Cut the second half of a film's pictures off."""
    content = path.read_bytes()
    path.write_bytes(content[: (content.index(b"mdat") + len(content)) // 2])
    return path


def times(path: Path) -> list[float]:
    """Return the times of a film's frames, read without our reader."""
    with av.open(str(path)) as container:
        return [float(frame.time or 0) for frame in container.decode(video=0)]


def write_sound(path: Path) -> Path:
    """Write a film that has sound only."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 44100, 0
        container.mux([*stream.encode(frame), *stream.encode()])
    return path
