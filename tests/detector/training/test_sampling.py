"""Tests of the windows of one step of fine-tuning: how many, which, and their labels."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from sppnet.detector.backbone.backbone import Backbone
from sppnet.detector.scoring.boxes import iou
from sppnet.detector.training.images import TrainingImages
from sppnet.detector.training.sampling import choose_windows
from tests.conftest import NOTHING, prepared_for, square_image, windows_near

NONE = np.zeros((0, 4), np.float32)


def chosen(
    images: TrainingImages, number: int, windows: int = 64
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return rows and labels of the windows for a step."""
    found = choose_windows(images, number, windows=windows, positives=0.25, random=np.random.default_rng(0))
    return found.rows, found.labels


def test_a_quarter_of_the_windows_show_objects_at_most(images: TrainingImages) -> None:
    _, labels = chosen(images, 1, windows=16)

    assert len(labels) == 16 and (labels > 0).sum() == 4


def test_fewer_windows_on_objects_leave_more_background(images: TrainingImages) -> None:
    rows, labels = chosen(images, 1, windows=64)
    shown = int((images.nearest_objects(1)[0] >= 0.5).sum())

    assert (labels > 0).sum() == min(shown, 16) and len(rows) == len(set(rows.tolist()))


def test_windows_are_labelled_with_the_object_that_they_overlap_by_half(images: TrainingImages) -> None:
    rows, labels = chosen(images, 1, windows=64)
    overlaps = iou(images.windows(1)[rows], images.target(1)["boxes"])

    np.testing.assert_array_equal(labels, np.where(overlaps.max(axis=1) >= 0.5, overlaps.argmax(axis=1) + 1, 0))


def test_background_is_near_objects_while_there_is_such(images: TrainingImages) -> None:
    rows, labels = chosen(images, 1, windows=16)

    overlaps = images.nearest_objects(1)[0][rows[labels == 0]]
    assert overlaps.min() >= 0.1 and overlaps.max() < 0.5


def test_background_that_touches_nothing_fills_up(images: TrainingImages) -> None:
    rows, labels = chosen(images, 1, windows=1000)

    assert (images.nearest_objects(1)[0][rows[labels == 0]] < 0.1).any()


def test_each_window_comes_with_the_box_of_its_object(images: TrainingImages) -> None:
    found = choose_windows(images, 1, windows=64, positives=0.25, random=np.random.default_rng(0))
    shown = found.labels > 0

    np.testing.assert_array_equal(found.boxes[shown], images.target(1)["boxes"][found.labels[shown] - 1])


def test_windows_on_a_difficult_object_are_left_out(images: TrainingImages) -> None:
    target = images.target(4)
    rows, labels = chosen(images, 4, windows=1000)

    on_difficult = iou(images.windows(4), target["boxes"][target["difficult"]]).max(axis=1) >= 0.3
    assert on_difficult.any() and not on_difficult[rows].any()
    assert set(labels.tolist()) == {0, 1}


def test_an_image_without_objects_gives_background_alone(pooled_backbone: Backbone, tmp_path: Path) -> None:
    images = prepared_for(pooled_backbone, tmp_path, [(square_image(1)[0], NOTHING)], [windows_near(1)])

    rows, labels = chosen(images, 0, windows=16)

    assert len(rows) == 16 and not labels.any()


def test_an_image_without_windows_gives_none(pooled_backbone: Backbone, tmp_path: Path) -> None:
    images = prepared_for(pooled_backbone, tmp_path, [(square_image(1)[0], NOTHING)], [NONE])

    rows, labels = chosen(images, 0)

    assert rows.shape == (0,) == labels.shape
