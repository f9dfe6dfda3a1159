"""Tests of the mosaic: tiles that fit, in order, and no more than a hundred."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sppnet.detector.face.colours import class_colour
from sppnet.tools.command.detecting.naming import is_ours
from sppnet.tools.reports.mosaic import Mosaic, tile

RECORD: dict[str, Any] = {"detections": [{"label": "dog", "score": 0.75, "box": [100, 200, 600, 800]}]}


@pytest.mark.parametrize(
    ("shape", "size"),
    [((1200, 1600), (320, 240)), ((1200, 600), (120, 240)), ((60, 80), (320, 240)), ((1, 1600), (320, 1))],
)
def test_a_tile_fits_into_its_cell(shape: tuple[int, int], size: tuple[int, int]) -> None:
    assert tile(np.zeros((*shape, 3), np.uint8), {"detections": []}, ["dog"]).size == size


def test_boxes_shrink_with_the_image() -> None:
    small = np.asarray(tile(np.full((1200, 1600, 3), 90, np.uint8), RECORD, ["dog"]))

    assert tuple(small[100, 20]) == tuple(small[100, 119]) == tuple(small[159, 60]) == class_colour(0)
    assert tuple(small[100, 120]) == tuple(small[160, 60]) == (90, 90, 90)


def tiles(count: int) -> Mosaic:
    mosaic = Mosaic()
    for number in range(count):
        mosaic.add(Image.new("RGB", (320, 240), (number, 0, 0)))
    return mosaic


def test_tiles_are_in_rows_in_their_order() -> None:
    picture = tiles(5).picture()

    assert picture.size == (3 * 324 + 4, 2 * 244 + 4)
    reds = [picture.getpixel((324 * (n % 3) + 160, 244 * (n // 3) + 120)) for n in range(6)]
    assert reds == [*((number, 0, 0) for number in range(5)), (32, 32, 32)]


@pytest.mark.parametrize(("count", "line"), [(1, "shows 1 pictures"), (103, "shows 100 pictures; 3 are left out")])
def test_what_is_left_out_is_told(tmp_path: Path, count: int, line: str) -> None:
    file = tmp_path / "all.jpg"

    assert tiles(count).write(file) == f"{file} {line}"
    assert is_ours(file)
