"""Hoiem's mistakes among the best detections of a class, computed by hand."""

from sppnet.data import VOC_CLASSES
from sppnet.data.analysis.hoiem import similar_classes, top_mistakes
from sppnet.data.analysis.pairs import all_pairs

from ..scoring.test_metrics import found, row, target
from .drawn import CLASSES, drawn_pairs


def test_as_many_detections_are_looked_at_as_there_are_objects() -> None:
    # Of two dogs the best two: right, and a duplicate. One cat: on nothing. One car: on a cat, which is another class.
    assert top_mistakes(drawn_pairs(), CLASSES).tolist() == [[1, 1, 0, 0, 0], [0, 0, 0, 0, 1], [0, 0, 0, 1, 0]]


def test_a_dog_on_a_cat_is_taken_for_a_similar_class() -> None:
    shown, objects = found([(0, 0, 10, 10)], [0.9], [0]), target(row(2), labels=[1, 0])

    assert top_mistakes(all_pairs([shown], [objects], 3), CLASSES).tolist()[0] == [0, 0, 1, 0, 0]


def test_detections_on_difficult_objects_do_not_count() -> None:
    shown, objects = found(row(2), [0.9, 0.8]), target(row(2), [True, False])

    assert top_mistakes(all_pairs([shown], [objects], 1), CLASSES[:1]).tolist() == [[1, 0, 0, 0, 0]]


def test_the_groups_are_the_published_ones() -> None:
    similar = similar_classes(VOC_CLASSES)

    pairs = {frozenset((a, b)) for i, a in enumerate(VOC_CLASSES) for j, b in enumerate(VOC_CLASSES) if similar[i, j]}
    assert {frozenset(pair) for pair in (("dog", "person"), ("aeroplane", "bird"), ("bus", "train"))} <= pairs
    assert len(pairs) == 21 + 21 + 3 + 1  # of 7 vehicles, 7 animals, 3 seats and tables, and what flies


def test_other_names_are_similar_to_none() -> None:
    assert not similar_classes(("disc", "ring")).any()
