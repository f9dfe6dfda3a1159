"""Pairs of detections and objects: which there are, the best of each, and each side taken once."""

import numpy as np

from sppnet.data.analysis.pairs import all_pairs, first_of_each, matched

from ..scoring.test_metrics import found, row, target
from .drawn import DETECTIONS, OBJECTS, drawn_pairs


def test_every_overlap_is_a_pair() -> None:
    pairs = drawn_pairs()

    assert (len(pairs.found.labels), len(pairs.objects.labels)) == (len(DETECTIONS), len(OBJECTS))
    assert list(zip(pairs.takers.tolist(), pairs.taken.tolist(), strict=True)) == [
        *((0, 0), (1, 0), (2, 1), (3, 2), (4, 3), (6, 2))
    ]
    np.testing.assert_allclose(pairs.overlaps, [1, 0.9, 1 / 3, 0.9, 1, 1 / 3])


def test_detections_of_other_images_overlap_nothing() -> None:
    pairs = all_pairs([found(row(1), [0.5]), found([], [])], [target([]), target(row(1))], 1)

    assert len(pairs.takers) == 0
    assert [values.tolist() for values in pairs.best(pairs.same)] == [[0.0], [-1]]


def test_the_best_object_of_a_detection_is_the_one_it_overlaps_most() -> None:
    pairs = all_pairs([found([(0, 0, 10, 10)], [0.5])], [target([(0, 0, 10, 5), (0, 0, 10, 8)])], 1)

    overlaps, objects = pairs.best(pairs.same)

    assert (overlaps.tolist(), objects.tolist()) == ([0.8], [1])


def test_an_object_is_taken_once() -> None:
    pairs = drawn_pairs()

    assert matched(pairs, range(6)).tolist() == [0, -1, 1, 2, 3, -1, -1]


def test_the_first_of_equal_numbers_is_told() -> None:
    assert first_of_each(np.array([3, -1, 3, 0, -1])).tolist() == [True, False, False, True, False]
