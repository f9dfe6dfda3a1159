"""Tests of image labels in training: which are taken, what they cost, how they are scored."""

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from sppnet.detector.classification.labels import accuracy, loss_of, marks, quality_name, read_labels
from sppnet.detector.errors import InputError

IMAGE = np.zeros((4, 4, 3), np.uint8)


class Unread:
    """Two labels of images that must not be read."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, number: int) -> Any:
        raise AssertionError

    def label(self, number: int) -> int:
        return 1 - number


def test_labels_are_numbers_of_classes() -> None:
    np.testing.assert_array_equal(
        read_labels([(IMAGE, 2), (IMAGE, np.int32(0))], 3, False), np.array([2, 0]), strict=True
    )


def test_several_labels_are_rows() -> None:
    rows = np.array([[1, -1, 0], [-1, -1, 1]], np.int8)

    np.testing.assert_array_equal(read_labels([(IMAGE, row) for row in rows], 3, True), rows, strict=True)


def test_labels_are_read_without_images_where_that_can_be() -> None:
    np.testing.assert_array_equal(read_labels(Unread(), 2, False), [1, 0])


def test_no_images_have_no_labels() -> None:
    assert read_labels([], 3, False).shape == (0,)
    assert read_labels([], 3, True).shape == (0, 3)


@pytest.mark.parametrize("label", [3, -1, 1.0, [1], "a"])
def test_a_label_that_is_no_class_is_named(label: Any) -> None:
    with pytest.raises(InputError, match="image 1: the label must be a whole number from 0 to 2, not"):
        read_labels([(IMAGE, 0), (IMAGE, label)], 3, False)


@pytest.mark.parametrize("label", [1, [1, 0], [1, 0, 2], [1.0, 0.0, -1.0]])
def test_labels_that_are_not_for_every_class_are_named(label: Any) -> None:
    with pytest.raises(InputError, match="image 0: the labels must be -1, 0 or 1 for 3 classes, not"):
        read_labels([(IMAGE, label)], 3, True)


def test_the_loss_of_one_label_is_the_softmax_cross_entropy() -> None:
    scores, labels = torch.randn(5, 3), torch.tensor([0, 1, 2, 1, 1])

    torch.testing.assert_close(loss_of(scores, labels), cross_entropy(scores, labels))


def test_the_loss_of_several_labels_is_the_mean_over_those_that_are_known() -> None:
    scores = torch.tensor([[2.0, 0.0], [-1.0, 3.0]])
    labels = torch.tensor([[1, 0], [-1, -1]], dtype=torch.int8)
    known, wanted = torch.tensor([2.0, -1.0, 3.0]), torch.tensor([1.0, 0.0, 0.0])

    torch.testing.assert_close(loss_of(scores, labels), binary_cross_entropy_with_logits(known, wanted))


def test_labels_left_out_have_no_gradient() -> None:
    scores = torch.zeros(1, 2, requires_grad=True)

    loss_of(scores, torch.tensor([[0, 1]], dtype=torch.int8)).backward()  # type: ignore[no-untyped-call]

    assert scores.grad is not None
    assert scores.grad.tolist() == [[0, -0.5]]


def test_no_known_label_costs_nothing() -> None:
    assert loss_of(torch.ones(2, 2), torch.zeros(2, 2, dtype=torch.int8)) == 0


def test_marks_tell_for_every_class_whether_it_is_there() -> None:
    np.testing.assert_array_equal(
        marks(np.array([2, 0]), 3), np.array([[-1, -1, 1], [1, -1, -1]], np.int8), strict=True
    )
    several = np.array([[1, 0], [1, -1]], np.int8)
    np.testing.assert_array_equal(marks(several, 2), several, strict=True)


def test_the_accuracy_is_the_share_of_images_whose_best_class_is_theirs() -> None:
    scores = np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]], np.float32)

    assert accuracy(scores, marks(np.array([1, 0, 0, 0]), 2)) == 0.75


def test_an_image_of_several_classes_is_right_by_one_of_them_that_is_known() -> None:
    scores = np.array([[0.1, 0.9, 0.2], [0.8, 0.2, 0.7], [0.8, 0.2, 0.7]], np.float32)
    labels = np.array([[1, 1, -1], [-1, 1, 1], [0, 1, -1]], np.int8)

    assert accuracy(scores, labels) == pytest.approx(1 / 3)


def test_a_measure_is_called_by_the_name_of_its_function() -> None:
    assert quality_name(accuracy) == "accuracy"
    assert quality_name(partial(accuracy)) == "quality"
