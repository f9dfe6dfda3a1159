"""Tests of the large picture of photographs, and of what counts as found in it."""

from pathlib import Path

import numpy as np
import pytest

from sppnet.data import VOC
from sppnet.tools.benchmarks.tiles import CELL, ENLARGED, Objects, Place, collage, counts, spread
from sppnet.tools.command.shapes import write_shapes


@pytest.fixture
def truth() -> Objects:
    """An object as it is, a difficult one, and one that is enlarged, all of class 0."""
    return {
        "boxes": np.array([[0, 0, 10, 10], [50, 0, 60, 10], [100, 0, 200, 100]], np.float32),
        "labels": np.array([0, 0, 0]),
        "difficult": np.array([False, True, False]),
        "enlarged": np.array([False, False, True]),
    }


def test_every_fourth_cell_has_one_photograph_enlarged_and_none_comes_twice() -> None:
    places = spread(100, 4, 2)

    assert [place.factor for place in places].count(ENLARGED) == 2
    assert len({place.number for place in places}) == len(places) == 2 + 6 * 12
    assert places == spread(100, 4, 2)


def test_objects_move_with_their_photograph(tmp_path: Path) -> None:
    write_shapes(tmp_path, train=1, val=1, seed=1)
    voc = VOC(tmp_path, "train")

    image, objects = collage(voc, [Place(0, 100, 50, 2)], 1, 1)

    x1, y1, x2, y2 = voc.target(0)["boxes"][0].astype(int).tolist()
    assert image.shape == (CELL, CELL, 3)
    assert objects["boxes"][0].tolist() == [2 * x1 + 100, 2 * y1 + 50, 2 * x2 + 100, 2 * y2 + 50]
    inside = image[2 * y1 + 50 : 2 * y2 + 50, 2 * x1 + 100 : 2 * x2 + 100].astype(int).mean((0, 1))
    np.testing.assert_allclose(inside, voc.image(0)[y1:y2, x1:x2].astype(int).mean((0, 1)), atol=3)


def test_a_second_hit_is_wrong_and_difficult_objects_do_not_count(truth: Objects) -> None:
    boxes = np.array([[0, 0, 10, 9], [0, 0, 9, 10], [50, 0, 60, 10], [50, 0, 60, 9], [300, 0, 310, 10]], np.float32)

    found = counts({"boxes": boxes, "labels": np.zeros(5, np.int64)}, truth)

    assert found == {"wrong": 2, "natural": 1, "natural_objects": 1, "enlarged": 0, "enlarged_objects": 1}


def test_another_class_is_wrong(truth: Objects) -> None:
    found = counts({"boxes": truth["boxes"][:1], "labels": np.array([1])}, truth)

    assert (found["natural"], found["wrong"]) == (0, 1)
