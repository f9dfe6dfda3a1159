"""Tests of the data set that the demo draws."""

from pathlib import Path

import numpy as np

from sppnet.data import VOC
from sppnet.tools.command.shapes import CLASSES, HEIGHT, WIDTH, draw_shapes, write_shapes


def test_the_data_set_reads_back_as_it_was_drawn(tmp_path: Path) -> None:
    write_shapes(tmp_path, train=2, val=1, seed=4)

    image, boxes, labels = draw_shapes(np.random.default_rng(4))
    target = VOC(tmp_path, split="train", classes=CLASSES).target(0)

    assert image.shape == (HEIGHT, WIDTH, 3)
    np.testing.assert_array_equal(target["boxes"], boxes)
    assert [CLASSES[label] for label in target["labels"]] == labels


def test_the_same_seed_draws_the_same_files(tmp_path: Path) -> None:
    write_shapes(tmp_path / "a", train=1, val=1, seed=4)
    write_shapes(tmp_path / "b", train=1, val=1, seed=4)

    first, second = (VOC(tmp_path / name) for name in "ab")
    np.testing.assert_array_equal(first.image(1), second.image(1))
