"""The metrics by name: what a report gets of two images."""

import numpy as np
import pytest

from sppnet.data import METRICS

BOX = [[0, 0, 40, 40]]
CLASSES = ("dog", "cow")
TARGETS = [{"boxes": np.array(BOX), "labels": np.array([0]), "difficult": np.array([False])}] * 2
# The dog of the first image is found after a false alarm, that of the second is not.
FOUND = [
    {"boxes": np.array([*BOX, [50, 50, 90, 90]]), "labels": np.array([0, 0]), "scores": np.array([0.5, 0.9])},
    {"boxes": np.zeros((0, 4)), "labels": np.zeros(0, np.int64), "scores": np.zeros(0)},
]


@pytest.mark.parametrize(("name", "expected"), [("voc07", 6 * 0.5 / 11), ("voc12", 0.25)])
def test_voc_scores_every_class_and_its_mean_leaves_out_one_without_objects(name: str, expected: float) -> None:
    scores = METRICS[name](FOUND, TARGETS, CLASSES)

    assert scores == {"mAP": pytest.approx(expected), "AP": {"dog": pytest.approx(expected), "cow": None}}


@pytest.mark.parametrize("name", ["voc07", "voc12", "coco"])
def test_without_any_object_there_is_no_mean(name: str) -> None:
    assert METRICS[name]([], [], CLASSES)["mAP"] is None


def test_coco_calls_its_average_ap() -> None:
    scores = METRICS["coco"](FOUND, TARGETS, CLASSES)

    assert (scores["AP50"], scores["APs"]) == (pytest.approx(51 * 0.5 / 101), None)
    assert scores["mAP"] == scores["AP50"]
    assert "AP" not in scores
