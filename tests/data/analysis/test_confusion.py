"""The confusion matrix: computed by hand, and against scikit-learn's."""

import numpy as np
from sklearn.metrics import confusion_matrix

from sppnet.data.analysis.confusion import confusion
from sppnet.data.analysis.pairs import all_pairs

from ..scoring.test_metrics import found, row, target
from .drawn import drawn_pairs


def test_objects_and_detections_are_counted_by_class() -> None:
    result = confusion(drawn_pairs(), 3, 0.0)

    # Rows dog, cat, car, background; the last column is what was not found.
    assert result.matrix.tolist() == [[1, 0, 0, 1], [1, 0, 0, 0], [0, 0, 0, 1], [2, 1, 1, 0]]
    assert (result.takers.tolist(), result.taken.tolist()) == ([3], [2])


def test_detections_below_the_threshold_are_not_there() -> None:
    assert confusion(drawn_pairs(), 3, 0.85).matrix.tolist() == [[1, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 1], [0] * 4]


def test_an_object_goes_to_its_own_class_before_a_better_box() -> None:
    shown = found([(0, 0, 10, 10), (0, 0, 10, 8)], [0.9, 0.5], [1, 0])

    assert confusion(all_pairs([shown], [target(row(1))], 2), 2, 0.0).matrix.tolist() == [
        [1, 0, 0],
        [0, 0, 0],
        [0, 1, 0],
    ]


def test_where_every_object_has_one_detection_the_matrix_is_scikit_learns() -> None:
    random = np.random.default_rng(0)
    truth, called = random.integers(0, 3, (2, 20)).tolist()
    pairs = all_pairs([found(row(20), [0.5] * 20, called)], [target(row(20), labels=truth)], 3)

    np.testing.assert_array_equal(
        confusion(pairs, 3, 0.0).matrix[:3, :3], confusion_matrix(truth, called, labels=range(3))
    )
