"""Tests of the parts of margins: hand-computed ones, a softmax against its log odds, layers against differences."""

from dataclasses import replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
import torch

from sppnet.detector.explaining.pooled import Level, Pooled, PooledView
from sppnet.detector.explaining.reasons import Reason, is_exact, reason
from sppnet.detector.pooling.features import WindowFeatures
from sppnet.detector.pooling.head import Head
from sppnet.detector.pooling.vectors import StoredVectors
from sppnet.detector.scoring.calibration import Calibration
from sppnet.detector.scoring.detection import WindowScorer

Floats = npt.NDArray[np.float32]
CHANNELS = 2
VECTOR = np.array([1, 2, 3, -1, 0, 4, 2, 2, -3, 5], np.float32)  # of levels 1 and 2


def hand_made(vector: Floats = VECTOR) -> Pooled:
    levels = tuple(
        Level(side, np.zeros((side**2, 4), np.int32), np.zeros((side**2, 4), np.float32), np.zeros(side**2, np.float32))
        for side in (1, 2)
    )
    view = PooledView("window", "map", 16, CHANNELS, (9, 9), np.zeros(4, np.int32), np.zeros(4, np.float32), levels)
    return Pooled(np.zeros(4, np.float32), 600, (view,), vector)


def features(head: Head | None = None) -> WindowFeatures:
    return WindowFeatures(cast(Any, None), head=head, layer="fc6" if head else "pool")


def scorer(rows: int, dimensions: int = len(VECTOR), *, softmax: bool = False) -> WindowScorer:
    random, classes = np.random.default_rng(rows), rows - softmax
    return WindowScorer(
        weights=random.normal(0, 0.5, (rows, dimensions)).astype(np.float32),
        biases=random.normal(0, 1, rows).astype(np.float32),
        offset_weights=np.zeros((classes, 4, dimensions), np.float32),
        offset_biases=np.zeros((classes, 4), np.float32),
        calibration=Calibration(1.5, 0.25),
        softmax=softmax,
    )


def reason_of(made: WindowScorer, label: int, head: Head | None = None) -> Reason:
    vector = VECTOR if head is None else head.vectors(VECTOR[None], "fc6")[0]
    margins = made.margins(StoredVectors(vector[None]))[0]
    return reason(features(head), made, hand_made(), label, float(margins[label]), "cat")


def test_parts_of_an_svm_are_weights_times_values_bin_by_bin() -> None:
    made = replace(scorer(1), weights=np.arange(10, dtype=np.float32)[None], biases=np.array([-3], np.float32))

    found = reason_of(made, 0)

    [[whole, quarters]] = found.parts
    assert whole.tolist() == [0 * 1 + 1 * 2]
    assert quarters.tolist() == [2 * 3 - 3, 5 * 4, 6 * 2 + 7 * 2, 8 * -3 + 9 * 5]
    assert (found.bias, found.rivals, found.against) == (-3, 0, "zero")
    assert found.total == found.margin == 2 + 3 + 20 + 26 + 21 - 3


def test_the_score_is_what_calibration_makes_of_the_margin() -> None:
    found = reason_of(scorer(2), 1)

    assert found.score == pytest.approx(1 / (1 + np.exp(-(1.5 * found.margin + 0.25))), rel=1e-5)


@pytest.mark.parametrize("label", range(4))
def test_of_a_softmax_rivals_take_what_the_log_odds_lack(label: int) -> None:
    found = reason_of(scorer(5, softmax=True), label)

    assert found.against == "background" and found.rivals < 0
    assert found.total == pytest.approx(found.margin, abs=1e-5)


def test_removed_classes_are_rivals_beside_the_background() -> None:
    found = [reason_of(scorer(5, softmax=True).without(1), label) for label in range(3)]

    assert [each.total for each in found] == pytest.approx([each.margin for each in found], abs=1e-5)


def test_of_further_classes_beside_a_softmax_nothing_is_taken() -> None:
    made = scorer(5, softmax=True).with_further(scorer(1))

    found = [reason_of(made, label) for label in range(5)]

    assert [each.against for each in found] == ["background"] * 4 + ["zero"]
    assert [each.total for each in found] == pytest.approx([each.margin for each in found], abs=1e-5)


def test_through_layers_parts_are_slopes_times_values() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        head = Head(len(VECTOR), 2, (6,)).eval().requires_grad_(False)
    made, step = scorer(2, 6), 0.01

    found = reason_of(made, 0, head)

    moved = [VECTOR + step * sign * np.eye(len(VECTOR), dtype=np.float32) for sign in (1, -1)]
    ahead, behind = (head.vectors(vectors, "fc6") @ made.weights[0] for vectors in moved)
    by_bin = (VECTOR * (ahead - behind) / (2 * step)).reshape(-1, CHANNELS).sum(axis=1)
    np.testing.assert_allclose(np.concatenate(found.parts[0]), by_bin, atol=1e-2)
    assert found.total == pytest.approx(found.margin, abs=1e-5)


def test_only_without_layers_parts_are_exact() -> None:
    assert (is_exact(features(Head(4, 2, (6,)))), is_exact(features())) == (False, True)
