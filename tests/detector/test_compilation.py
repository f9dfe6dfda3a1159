"""Tests of compiling ahead: nothing is left to compile afterwards."""

import numpy as np
import pytest

from sppnet.detector import compile_kernels
from sppnet.detector.pooling import kernels as pooling
from sppnet.detector.pooling import products
from sppnet.detector.scoring import boxes, soft_suppression, svm, voting
from tests.detector.pooling.pooled import pooled


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    compile_kernels()


def test_pooling_needs_no_other_version() -> None:
    pooled(np.zeros((5, 7, 3), np.float32), np.array([[0, 0, 7, 5], [1, 1, 3, 3]], np.int32))

    assert len(pooling._pool.signatures) == 1


def test_scores_need_no_other_version() -> None:
    products.inner_products(np.ones((5, 7), np.float32), np.ones((3, 7), np.float32))

    assert len(products._multiply.signatures) == 1


def test_suppression_needs_no_other_version() -> None:
    boxes.suppress(np.array([[0, 0, 9, 9], [1, 1, 9, 9]], np.float32), np.array([0.5, 0.7], np.float32))

    assert len(boxes._survivors.signatures) == 1


def test_soft_suppression_needs_no_other_version() -> None:
    pair, scores = np.array([[0, 0, 9, 9], [1, 1, 9, 9]], np.float32), np.array([0.5, 0.7], np.float32)

    soft_suppression.suppress_softly(pair[:, ::-1], scores, sigma=1, floor=0, limit=5)

    assert len(soft_suppression._take.signatures) == 1


def test_voting_needs_no_other_version() -> None:
    pair, scores = np.array([[0, 0, 9, 9], [1, 1, 9, 9]], np.float32), np.array([0.5, 0.7], np.float32)

    voting.vote(pair[:, ::-1], pair[:1], scores[:1], least_iou=1)

    assert len(voting._mean.signatures) == 1


def test_training_needs_no_other_version() -> None:
    svm.fit_svms(np.eye(4, dtype=np.float32), np.array([[1, -1], [-1, 1], [-1, -1], [-1, -1]], np.int8))

    assert len(svm._visit.signatures) == 1
