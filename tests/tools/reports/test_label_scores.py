"""Tests of the scores of a classifier on labelled images."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from sppnet.tools.reports.label_scores import evaluate

SEVEN = tuple("abcdefg")


class Reader:
    """Stands in for a classifier: the first row of an image, as it is at this size, is its scores."""

    short_side_, side_ = 256, 224

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = classes

    def predict(self, images: Sequence[Any], *, framing: str, size: int | None) -> list[npt.NDArray[np.float32]]:
        return [np.roll(image[0, :, 0].astype(np.float32) / 255, 0 if size != 128 else 1) for image in images]


class Images:
    def __init__(self, scores: list[list[int]], labels: list[Any]) -> None:
        self.classes, self.scores, self.labels = SEVEN, scores, labels

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, i: int) -> tuple[npt.NDArray[np.uint8], Any]:
        return np.array(self.scores[i], np.uint8)[None, :, None].repeat(3, axis=2), self.labels[i]

    def label(self, i: int) -> Any:
        return self.labels[i]


def scores_of(images: Images, sizes: Sequence[int | None], classes: Sequence[str] = SEVEN) -> list[dict[str, Any]]:
    return evaluate(Reader(classes), images, sizes, framing="full", workers=2)  # type: ignore[arg-type]


def test_accuracy_counts_the_best_and_the_best_five() -> None:
    falling = [70, 60, 50, 40, 30, 20, 10]
    images = Images([falling] * 4, [0, 4, 5, 6])

    assert scores_of(images, [64]) == [{"size": 64, "top1": 0.25, "top5": 0.5}]


def test_every_size_is_scored() -> None:
    images = Images([[70, 60, 50, 40, 30, 20, 10]], [1])

    assert [(row["size"], row["top1"]) for row in scores_of(images, [64, 128, None])] == [(64, 0), (128, 1), (256, 0)]


def test_several_labels_are_scored_by_average_precision() -> None:
    images = Images([[9, 1], [5, 2], [1, 3]], [np.array(row, np.int8) for row in ([1, 0], [-1, -1], [1, -1])])

    [row] = scores_of(images, [64], "ab")

    assert row["AP"]["b"] is None
    # Precisions of 1 up to a recall of a half, then two of three.
    assert row["mAP"] == row["AP"]["a"] == pytest.approx((6 + 5 * 2 / 3) / 11)


def test_images_without_any_class_have_no_score() -> None:
    images = Images([[9, 1]], [np.array([-1, -1], np.int8)])

    assert scores_of(images, [64], "ab")[0]["mAP"] is None
