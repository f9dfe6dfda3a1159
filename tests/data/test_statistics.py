"""What a data set holds, counted by hand."""

from pathlib import Path

import numpy as np
import pytest

from sppnet.data import open_data, statistics

from .formats.drawn import picture, write

LINES = """image,xmin,ymin,xmax,ymax,class,difficult
a.png,0,0,10,20,fox,0
a.png,0,0,5,20,wolf,1
a.png,0,0,20,20,wolf,
b.png,0,0,20,5,fox,0
c.png,,,,,,
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("a", "b", "c"):
        picture(tmp_path / f"{name}.png", (20, 20))
    write(tmp_path / "annotations.csv", LINES)
    return tmp_path


def test_objects_are_counted_by_class_image_and_size(root: Path) -> None:
    found = statistics(open_data(root)).summary()

    assert (found["images"], found["objects"], found["difficult"], found["images_without_objects"]) == (3, 4, 1, 1)
    assert found["objects_per_image"] == {"0": 1, "1": 1, "3": 1}
    assert found["co_occurrence"] == {"fox": {"wolf": 1}, "wolf": {"fox": 1}}
    fox = found["classes"]["fox"]
    assert [fox[name] for name in ("images", "objects", "difficult", "small", "medium")] == [2, 2, 0, 2, 0]
    np.testing.assert_allclose(fox["aspect"], [1.375, 2.25, 3.125])  # of 0.5 and 4
    np.testing.assert_allclose(found["classes"]["wolf"]["side"], [12.5, 15, 17.5])  # of 10 and 20
    np.testing.assert_allclose(found["classes"]["wolf"]["share_of_image"], [0.625, 0.75, 0.875])


def test_no_objects_have_no_quartiles(root: Path) -> None:
    write(root / "annotations.csv", "image,xmin,ymin,xmax,ymax,class\nc.png,,,,,\n")

    found = statistics(open_data(root, classes=["fox"])).summary()

    assert found["classes"]["fox"]["side"] is None
    assert found["objects"] == 0
