"""Tests of the training as a whole, on the squares."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sppnet.detector.scoring.boxes import decode, encode, iou
from sppnet.detector.scoring.calibration import Calibration
from sppnet.detector.scoring.detection import WindowScorer
from sppnet.detector.timing import Stopwatch
from sppnet.detector.training.images import TrainingImages
from sppnet.detector.training.mining import Mining
from sppnet.detector.training.settings import Training
from sppnet.detector.training.windows import fit_regressors, train_windows
from tests.conftest import no_progress


def trained(images: TrainingImages, **options: Any) -> WindowScorer:
    given = {name: options.pop(name, None) for name in ("softmax", "regression")}
    mining = Mining(C=0.01, memory=10_000_000)
    settings = replace(Training(mining=mining, penalty=10.0, regression_examples=500, held_out=0.25), **options)
    return train_windows(images, settings=settings, **given, seed=0, progress=no_progress, clock=Stopwatch())


def test_the_squares_are_found_in_their_images(prepared: TrainingImages) -> None:
    scorer = trained(prepared)
    proposals = np.arange(prepared.proposals(2))
    vectors = prepared.vectors(2, proposals)

    found = scorer.detect(vectors, prepared.windows(2)[proposals], prepared.size(2))

    best = [int(np.flatnonzero(found["labels"] == label)[0]) for label in (0, 1)]
    assert np.diag(iou(found["boxes"][best], prepared.target(2)["boxes"])).min() > 0.7


def test_training_is_deterministic(prepared: TrainingImages) -> None:
    one, other = trained(prepared), trained(prepared)

    np.testing.assert_array_equal(one.weights, other.weights)
    np.testing.assert_array_equal(one.offset_weights, other.offset_weights)
    assert one.calibration == other.calibration


def test_nothing_held_out_keeps_the_default_calibration(prepared: TrainingImages) -> None:
    assert trained(prepared, held_out=0).calibration == Calibration()


def test_regression_brings_windows_nearer_to_their_objects(prepared: TrainingImages) -> None:
    scaling = prepared.measure_scaling(np.arange(16), norm=20, centre=True, standardise=True, seed=0)
    weights, biases = fit_regressors(
        prepared, scaling, np.arange(16), Training(penalty=10.0, regression_examples=1000), 0, no_progress
    )
    overlaps, objects, labels = prepared.nearest_objects(1)
    rows = np.flatnonzero((overlaps > 0.5) & (overlaps < 0.9))
    vectors = prepared.vectors(1, rows).all()

    offsets = np.einsum("nd,njd->nj", vectors, weights[labels[rows]]) + biases[labels[rows]]

    moved = np.diag(iou(decode(prepared.windows(1)[rows], offsets), objects[rows]))
    assert moved.mean() > overlaps[rows].mean() + 0.05
    assert offsets.shape == encode(prepared.windows(1)[rows], objects[rows]).shape


def test_regression_learns_from_a_limited_number_of_windows(
    prepared: TrainingImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []

    def spy(features: np.ndarray, targets: np.ndarray, *, penalty: float) -> tuple[np.ndarray, np.ndarray]:
        sizes.append(len(features))
        return np.zeros((features.shape[1], 4), np.float32), np.zeros(4, np.float32)

    monkeypatch.setattr("sppnet.detector.training.windows.fit_offsets", spy)
    scaling = prepared.measure_scaling(np.arange(16), norm=20, centre=True, standardise=True, seed=0)

    fit_regressors(prepared, scaling, np.arange(16), Training(penalty=10.0, regression_examples=30), 0, no_progress)

    assert sizes == [30, 30]


def test_a_class_without_objects_never_moves_windows_nor_detects(prepared: TrainingImages) -> None:
    prepared.classes = ("red", "blue", "green")

    scorer = trained(prepared)

    assert not scorer.weights[2].any() and not scorer.offset_weights[2].any()
    found = scorer.detect(prepared.vectors(0), prepared.windows(0), prepared.size(0))
    assert 2 not in found["labels"]


def test_a_softmax_stands_in_for_svms(prepared: TrainingImages) -> None:
    weights = np.random.default_rng(0).normal(0, 0.1, (3, prepared.features.dimensions)).astype(np.float32)
    biases = np.array([0, 1, 2], np.float32)

    scorer = trained(prepared, softmax=(weights, biases))

    assert scorer.softmax
    np.testing.assert_array_equal(scorer.weights, weights)
    np.testing.assert_array_equal(scorer.biases, biases)
    np.testing.assert_array_equal(scorer.offset_weights, trained(prepared).offset_weights)


def test_offsets_learned_for_all_classes_count_half(prepared: TrainingImages) -> None:
    random = np.random.default_rng(0)
    weights = random.normal(0, 0.1, (4, prepared.features.dimensions)).astype(np.float32)
    biases = np.array([1, 2, 3, 4], np.float32)

    alone, together = trained(prepared), trained(prepared, regression=(weights, biases))

    np.testing.assert_allclose(together.offset_weights, (alone.offset_weights + weights) / 2, rtol=1e-6)
    np.testing.assert_allclose(together.offset_biases, (alone.offset_biases + biases) / 2, rtol=1e-6)


def test_without_regression_none_is_taken_from_elsewhere(prepared: TrainingImages) -> None:
    ones = np.ones((4, prepared.features.dimensions), np.float32), np.ones(4, np.float32)

    assert not trained(prepared, regression=ones, regression_examples=0).offset_weights.any()
