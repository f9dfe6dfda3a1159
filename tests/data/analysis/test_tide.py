"""TIDE: the kind of every error and what mending it gains, computed by hand."""

import numpy as np
import pytest

from sppnet.data import average_precision
from sppnet.data.analysis.pairs import all_pairs
from sppnet.data.analysis.tide import CORRECT, KINDS, LEFT_OUT, tide

from ..scoring.test_metrics import found, row, target
from .drawn import DETECTIONS, drawn_pairs, noisy

NAMES = {CORRECT: "correct", LEFT_OUT: "left out"} | dict(enumerate(KINDS))


def test_every_detection_has_the_kind_that_its_overlaps_make() -> None:
    result = tide(drawn_pairs(), 3)

    assert [NAMES[kind] for kind in result.kinds.tolist()] == [kind for *_, kind in DETECTIONS]
    assert result.partners.tolist() == [0, 0, 1, 2, -1, -1, 2]


def test_what_mending_a_detection_would_find_is_not_missed() -> None:
    result = tide(drawn_pairs(), 3)

    assert result.unfound.tolist() == [False, True, True, False, True]
    assert result.missed.tolist() == [False, False, False, False, True]
    assert result.counts == dict.fromkeys(KINDS, 1)


def test_gains_are_those_of_each_kind_mended_alone() -> None:
    result = tide(drawn_pairs(), 3)

    # Dogs: of two objects one is found by the first of four detections: 1/2. Cats and cars: nothing right.
    assert result.precision == pytest.approx((1 / 2 + 0 + 0) / 3)
    assert result.gains == pytest.approx(
        {
            "class": (1 / 2 + 1 + 0) / 3 - 1 / 6,  # the third dog becomes a cat, before the wrong one
            "localisation": (1 / 2 + 1 / 2 * 2 / 3) / 3 - 1 / 6,  # the second dog, third of all
            "both": 0,
            "duplicate": 0,
            "background": 0,
            "missed": 0,  # no car is asked for any more: TIDE's program counts the class 0
        }
    )
    assert result.gain_of_silence == pytest.approx(0)
    assert result.gain_of_sight == pytest.approx(1 / 3 - 1 / 6)


def test_a_false_alarm_before_the_object_costs() -> None:
    pairs = all_pairs([found([(50, 50, 60, 60), (0, 0, 10, 10)], [0.9, 0.8])], [target(row(1))], 1)

    result = tide(pairs, 1)

    assert (result.precision, result.gains["background"], result.gain_of_silence) == pytest.approx((0.5, 0.5, 0.5))


def test_an_object_missed_costs_what_it_takes_from_recall() -> None:
    result = tide(all_pairs([found(row(1), [0.9])], [target(row(2))], 1), 1)

    assert (result.precision, result.gains["missed"], result.gain_of_sight) == pytest.approx((0.5, 0.5, 0.5))


def test_of_two_detections_that_could_be_mended_the_better_is() -> None:
    shown = found([(5, 0, 15, 10), (4, 0, 14, 10)], [0.9, 0.8])

    result = tide(all_pairs([shown], [target(row(1))], 1), 1)

    assert (result.counts["localisation"], result.precision) == (2, 0)
    assert result.gains["localisation"] == pytest.approx(1)


def test_without_double_overlaps_the_precision_is_vocs() -> None:
    detections, targets = noisy()
    for each in targets:  # one object an image and class, so that both rules take the same
        first = np.unique(each["labels"], return_index=True)[1]
        each.update({name: values[first] for name, values in each.items()}, difficult=np.zeros(len(first), np.bool_))

    expected = np.nanmean(average_precision(detections, targets, 3, rule="voc12"))

    assert tide(all_pairs(detections, targets, 3), 3).precision == pytest.approx(expected)


def test_nothing_to_find_has_no_precision() -> None:
    result = tide(all_pairs([found(row(1), [0.9])], [target([])], 1), 1)

    assert np.isnan(result.precision) and result.counts["background"] == 1
