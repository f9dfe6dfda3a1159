"""Random splits: so many of each class, none twice, the same for the same seed."""

import numpy as np
import pytest

from sppnet.data import DataError, class_splits

LABELS = np.repeat([0, 1, 2], [6, 9, 20])
CLASSES = ("ant", "bee", "cat")


def test_there_are_so_many_images_of_each_class_as_asked_for_or_left() -> None:
    splits = class_splits(LABELS, CLASSES, train=5, test=8, splits=3)

    assert len(splits) == 3
    assert [np.bincount(LABELS[train]).tolist() for train, _ in splits] == [[5, 5, 5]] * 3
    assert [np.bincount(LABELS[test]).tolist() for _, test in splits] == [[1, 4, 8]] * 3


def test_no_image_is_both_learned_and_tested_and_none_twice() -> None:
    [(train, test)] = class_splits(LABELS, CLASSES, train=5, test=8, splits=1)

    assert len({*train.tolist(), *test.tolist()}) == len(train) + len(test) == 28


def test_splits_differ_and_depend_on_the_seed_alone() -> None:
    first, again, other = (
        [train.tolist() for train, _ in class_splits(LABELS, CLASSES, train=5, test=8, splits=2, seed=seed)]
        for seed in (0, 0, 1)
    )

    assert first == again
    assert first[0] != first[1] and first != other


def test_a_class_with_too_few_images_is_named() -> None:
    with pytest.raises(DataError, match="class 'ant': 6 images, but 6 to train with leave none to test with"):
        class_splits(LABELS, CLASSES, train=6, test=8)


def test_a_class_without_images_is_named() -> None:
    with pytest.raises(DataError, match="class 'dog': 0 images"):
        class_splits(LABELS, (*CLASSES, "dog"), train=5, test=8)


@pytest.mark.parametrize("wrong", [{"train": 0}, {"test": 0}, {"splits": 0}])
def test_numbers_below_1_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(DataError, match="there must be images"):
        class_splits(LABELS, CLASSES, **{"train": 5, "test": 8, **wrong})
