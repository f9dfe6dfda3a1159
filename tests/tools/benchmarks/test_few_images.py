"""Tests of the data of the comparison of few images."""

from pathlib import Path

import numpy as np
import pytest

from sppnet.data import VOC
from sppnet.tools.benchmarks.few_images import only
from sppnet.tools.command.shapes import write_shapes


@pytest.fixture
def shapes(tmp_path: Path) -> VOC:
    write_shapes(tmp_path, train=12, val=1, seed=1)
    return VOC(tmp_path, "train")


def test_objects_of_other_classes_are_left_out_and_labels_are_in_the_order_asked_for(shapes: VOC) -> None:
    names = shapes.classes[2], shapes.classes[0]
    whole, few = (
        [shapes.target(number)["labels"] for number in range(12)],
        [only(shapes, number, names)["labels"] for number in range(12)],
    )

    wanted = [np.array([{2: 0, 0: 1}[label] for label in labels.tolist() if label in (0, 2)]) for labels in whole]
    assert [labels.tolist() for labels in few] == [labels.tolist() for labels in wanted]
    assert 0 < sum(map(len, few)) < sum(map(len, whole))


def test_boxes_stay_with_their_labels(shapes: VOC) -> None:
    found, whole = only(shapes, 0, shapes.classes), shapes.target(0)

    assert all(np.array_equal(found[name], whole[name]) for name in ("boxes", "labels", "difficult"))
