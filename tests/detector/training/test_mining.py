"""Tests of the pool and of hard negative mining, on images small enough to check exhaustively."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sppnet.detector.errors import InputError
from sppnet.detector.training.images import TrainingImages
from sppnet.detector.training.mining import EASY, HARD, HardNegativeMining, Mining, Pool
from tests.conftest import no_progress


def filled_pool() -> Pool:
    pool = Pool(6, 2, 1)
    pool.add(np.arange(6, dtype=np.float32).reshape(3, 2), np.array([[1], [-1], [-1]], np.int8), 7, np.array([4, 5, 6]))
    return pool


def test_rows_are_known_by_image_and_window() -> None:
    pool = filled_pool()

    assert pool.rows_of(7).tolist() == [4, 5, 6] and pool.rows_of(8).tolist() == []


def test_dropped_rows_leave_the_others_in_order() -> None:
    pool = filled_pool()

    pool.keep(np.array([True, False, True]))

    np.testing.assert_array_equal(pool.features, [[0, 1], [4, 5]])
    assert pool.rows_of(7).tolist() == [4, 6] and pool.labels.tolist() == [[1], [-1]]


def test_fresh_rows_start_without_dual_variables() -> None:
    pool = filled_pool()
    pool.alphas = np.ones((3, 1), np.float32)
    pool.keep(np.array([True, False, True]))

    pool.add(np.zeros((1, 2), np.float32), np.array([[-1]], np.int8), 9, np.array([0]))

    assert pool.alphas.tolist() == [[1], [1], [0]]


def test_room_is_made_by_dropping_the_least_hard() -> None:
    pool = filled_pool()

    pool.make_room(4, lambda: np.array([np.inf, -2, 0], np.float32))

    assert pool.size == 2 and pool.rows_of(7).tolist() == [4, 6]


def test_a_full_pool_of_objects_is_one_clear_error() -> None:
    pool = filled_pool()

    with pytest.raises(InputError, match="7 training vectors do not fit a pool of 6"):
        pool.add(np.zeros((4, 2), np.float32), np.zeros((4, 1), np.int8), 1, np.arange(4))


def mined(prepared: TrainingImages, **options: Any) -> HardNegativeMining:
    scaling = prepared.measure_scaling(np.arange(16), norm=20, centre=True, standardise=True, seed=0)
    miner = HardNegativeMining(prepared, scaling, replace(Mining(C=0.01, memory=10_000_000), **options))
    miner.add_objects(np.arange(16), no_progress)
    miner.search(np.arange(16), no_progress)
    return miner


def margins(miner: HardNegativeMining, number: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return miner.scaling.apply(miner.images.vectors(number).all()) @ miner.svms.weights.T + miner.svms.biases


def test_objects_score_above_the_negatives_of_their_class(prepared: TrainingImages) -> None:
    miner = mined(prepared)
    labels = np.concatenate([prepared.labels(n) for n in range(16)])
    found = np.concatenate([margins(miner, n) for n in range(16)])

    assert found[labels == 1].min() > np.quantile(found[labels == -1], 0.99)


def test_after_mining_every_hard_negative_is_in_the_pool_or_near_one(prepared: TrainingImages) -> None:
    miner = mined(prepared, passes=1, per_image=1000, negative_overlap=1.0, retrain_after=10**9)
    again = [len(miner._hard_negatives(number)[0]) for number in range(16)]

    # What one more search finds are rows that came above the margin only by the last training.
    assert sum(again) < 0.2 * miner._pool.size


def test_easy_negatives_leave_the_pool(prepared: TrainingImages) -> None:
    miner = mined(prepared)

    assert (miner._hardness() >= EASY).mean() > 0.95


def test_hard_negatives_are_negatives_above_the_margin_and_apart(prepared: TrainingImages) -> None:
    scaling = prepared.measure_scaling(np.arange(16), norm=20, centre=True, standardise=True, seed=0)
    miner = HardNegativeMining(prepared, scaling, Mining(C=0.01, memory=10_000_000, per_image=5))
    miner.add_objects(np.arange(16), no_progress)

    rows, labels = miner._hard_negatives(3)

    hardness = np.where(labels < 0, margins(miner, 3), -np.inf).max(axis=1)
    assert 0 < len(rows) <= 5 and (hardness[rows] > HARD).all()
    assert hardness[rows].tolist() == sorted(hardness[rows].tolist(), reverse=True)
    assert not set(rows.tolist()) & set(miner._pool.rows_of(3).tolist())


def test_every_training_is_noted(prepared: TrainingImages) -> None:
    scaling = prepared.measure_scaling(np.arange(16), norm=20, centre=True, standardise=True, seed=0)
    notes: list[dict[str, Any]] = []
    miner = HardNegativeMining(prepared, scaling, Mining(memory=10_000_000), note=notes.append)

    miner.add_objects(np.arange(16), no_progress)
    miner.search(np.arange(16), no_progress)

    first, second = notes
    assert (first["stage"], first["round"], second["round"]) == ("SVMs", 1, 2)
    assert first["vectors"] < second["vectors"] and first["objective"] < second["objective"]


def test_a_class_without_objects_has_no_hard_negatives(prepared: TrainingImages) -> None:
    usual = mined(prepared)
    prepared.classes = ("red", "blue", "green")

    assert mined(prepared)._pool.size == usual._pool.size


def test_room_is_made_for_objects_that_come_late(prepared: TrainingImages) -> None:
    scaling = prepared.measure_scaling(np.arange(16), norm=20, centre=True, standardise=True, seed=0)
    miner = HardNegativeMining(prepared, scaling, Mining(C=0.01, memory=4 * prepared.features.dimensions * 60))
    miner.add_objects(np.arange(12), no_progress)
    miner.search(np.arange(12), no_progress)

    miner.add_objects(np.arange(12, 16), no_progress)

    assert (miner._pool.labels > 0).sum() == prepared.objects().sum() and miner._pool.size <= 60


def test_scikit_learn_can_solve(prepared: TrainingImages) -> None:
    own, other = mined(prepared, passes=0), mined(prepared, passes=0, solver="scikit-learn")

    np.testing.assert_allclose(own.svms.objectives, other.svms.objectives, rtol=0.02)


@pytest.mark.parametrize("option", [{"C": 0.0}, {"C": float("nan")}, {"passes": -1}, {"solver": "magic"}])
def test_a_bad_option_is_named(option: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"{next(iter(option))} must"):
        Mining(**option)


def test_the_same_seed_gives_the_same_svms(prepared: TrainingImages) -> None:
    np.testing.assert_array_equal(mined(prepared).svms.weights, mined(prepared).svms.weights)


def test_a_small_pool_still_learns(prepared: TrainingImages) -> None:
    dimensions = prepared.features.dimensions
    miner = mined(prepared, memory=4 * dimensions * 60, random_negatives=1)

    assert miner._pool.size <= 60 and np.isfinite(miner.svms.weights).all()


def constant(prepared: TrainingImages, margin: float) -> HardNegativeMining:
    """Return a miner whose SVMs give every window one margin, and that takes as many negatives as there are."""
    scaling = prepared.measure_scaling(np.arange(16), norm=20, centre=True, standardise=True, seed=0)
    options = Mining(memory=10_000_000, per_image=1000, negative_overlap=1.0)
    miner = HardNegativeMining(prepared, scaling, options)
    miner.svms.biases[:] = margin
    return miner


@pytest.mark.parametrize(("margin", "hard"), [(-1.0, True), (-1.001, False)])
def test_negatives_above_the_margin_are_hard(prepared: TrainingImages, margin: float, hard: bool) -> None:
    rows, labels = constant(prepared, margin)._hard_negatives(3)

    negatives = np.flatnonzero((labels < 0).any(axis=1))
    assert sorted(rows.tolist()) == (negatives.tolist() if hard else [])


def test_windows_that_are_there_are_not_taken_again(prepared: TrainingImages) -> None:
    miner = constant(prepared, 0.0)
    before, labels = miner._hard_negatives(3)
    miner._add(3, before[:5], labels)

    after, _ = miner._hard_negatives(3)

    assert set(after.tolist()) == set(before[5:].tolist())
