"""Tests of the benchmark of films: film and stills show the same, and growth is a slope."""

from pathlib import Path

import numpy as np
import pytest

from sppnet.data import read_image
from sppnet.tools.benchmarks.films import _slope, draw_film
from sppnet.tools.command.detecting.footage import Film


def test_the_stills_are_the_frames_of_the_film(tmp_path: Path) -> None:
    draw_film(tmp_path, 3)

    frames = [frame.read().astype(int) for frame in Film(str(tmp_path / "film.mp4"))]
    stills = [read_image(file) for file in sorted((tmp_path / "stills").iterdir())]
    assert [frame.shape for frame in frames] == [(376, 500, 3)] * 3  # one row more: sides are even
    assert max(np.abs(frame[:375] - still).mean() for frame, still in zip(frames, stills, strict=True)) < 15


def test_growth_is_measured_in_the_second_half() -> None:
    # 0 MB and a start, then from frame 150 on 5 MB more to frame 300; the last look is while the process ends.
    sizes = [0.0, 90.0, 300.0, 100.0, 102.5, 105.0, 7.0]

    assert _slope(sizes, 300) == pytest.approx(100 * 5 / 150)
