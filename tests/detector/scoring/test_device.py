"""Tests of detections made on a device against those of the host, of the same vectors."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from sppnet.detector.errors import InputError
from sppnet.detector.pooling.vectors import StoredVectors
from sppnet.detector.scoring.calibration import Calibration
from sppnet.detector.scoring.detection import WindowScorer
from sppnet.detector.scoring.device import DeviceScorer
from sppnet.detector.timing import DeviceStopwatch

Floats = npt.NDArray[np.float32]
SIZE = (100, 120)
COUNTS = (200, 120)


def scorer(**changes: Any) -> WindowScorer:
    """Return SVMs of four classes with box regression, with random weights for vectors of six values."""
    random = np.random.default_rng(0)
    weights, offsets = random.normal(size=(4, 6)), 0.1 * random.normal(size=(4, 4, 6))
    made = WindowScorer(
        weights.astype(np.float32), np.zeros(4, np.float32), offsets.astype(np.float32),
        np.full((4, 4), 0.05, np.float32), Calibration(1.5, -0.2),
    )  # fmt: skip
    return replace(made, **changes)


def softmax(background: int, further: int) -> WindowScorer:
    made, rows = scorer(), np.random.default_rng(1).normal(size=(background, 6)).astype(np.float32)
    weights, biases = np.concatenate([rows, made.weights]), np.zeros(background + 4, np.float32)
    return replace(made, weights=weights, biases=biases, softmax=True, further=further)


def some_windows(count: int) -> Floats:
    random = np.random.default_rng(count)
    corners = random.integers(0, 90, (count, 2))
    return np.hstack([corners, corners + random.integers(1, 40, (count, 2))]).astype(np.float32)


WINDOWS = [some_windows(count) for count in COUNTS]
VECTORS = [np.random.default_rng(9 + count).normal(size=(count, 6)).astype(np.float32) for count in COUNTS]


def found_there(
    judge: WindowScorer, vectors: list[Floats], windows: list[Floats], **options: Any
) -> list[dict[str, Any]]:
    there = DeviceScorer(judge, "cpu:0")
    padded = np.full((len(windows), max(map(len, windows)), 6), 5, np.float32)  # what has no window must not count
    for own, its in zip(padded, vectors, strict=True):
        own[: len(its)] = its
    options = {"confidence": 0.0, "iou": 0.3, **options}
    return there.detect(
        torch.from_numpy(padded) @ there.columns, windows, SIZE, clock=DeviceStopwatch("cpu"), **options
    )


def check(judge: WindowScorer, **options: Any) -> None:
    """Check the detections in two images against those of the host."""
    found = found_there(judge, VECTORS, WINDOWS, **options)

    options.pop("candidates", None)
    for own, vectors, windows in zip(found, VECTORS, WINDOWS, strict=True):
        expected = judge.detect(StoredVectors(vectors), windows, SIZE, **options)
        assert len(expected["boxes"])
        np.testing.assert_array_equal(own["labels"], expected["labels"])
        for name in ("boxes", "scores", "margins"):
            np.testing.assert_allclose(own[name], expected[name], rtol=1e-5, atol=1e-4)
            assert own[name].dtype == expected[name].dtype == np.float32


@pytest.mark.parametrize(
    "judge",
    [
        scorer(),
        scorer(offset_weights=np.zeros((4, 4, 6), np.float32)),
        softmax(1, 0),
        softmax(2, 1),
    ],
    ids=["SVMs", "offsets that are the same for all", "softmax", "softmax after a class went and another came"],
)
@pytest.mark.parametrize("options", [{}, {"confidence": 0.4, "iou": 0.6}], ids=["usual", "strict"])
def test_detections_are_those_of_the_host(judge: WindowScorer, options: dict[str, float]) -> None:
    check(judge, **options)


def test_more_candidates_than_the_device_looks_at_are_left_to_the_host() -> None:
    check(scorer(), candidates=50)


def test_equal_margins_keep_the_order_of_classes_and_windows() -> None:
    judge = WindowScorer(
        np.eye(2, 6, dtype=np.float32), np.zeros(2, np.float32), np.zeros((2, 4, 6), np.float32),
        np.zeros((2, 4), np.float32), Calibration(),
    )  # fmt: skip
    windows = np.array([[40, 40, 50, 50], [0, 0, 10, 10], [1, 0, 11, 10]], np.float32)

    [found] = found_there(judge, [np.ones((3, 6), np.float32)], [windows])

    assert found["labels"].tolist() == [0, 0, 1, 1]
    np.testing.assert_array_equal(found["boxes"], windows[[0, 1, 0, 1]])


def test_an_image_without_windows_has_no_detections() -> None:
    none = np.zeros((0, 4), np.float32)

    [first, second] = found_there(scorer(), [VECTORS[0], np.zeros((0, 6), np.float32)], [WINDOWS[0], none])
    [alone] = found_there(scorer(), [np.zeros((0, 6), np.float32)], [none])

    assert len(first["boxes"])
    assert [len(second["boxes"]), len(alone["boxes"])] == [0, 0]
    assert alone["boxes"].shape == (0, 4)


def test_offsets_that_are_not_finite_are_the_error_that_they_are_on_the_host() -> None:
    with pytest.raises(InputError, match="offsets must be finite"):
        found_there(scorer(offset_biases=np.full((4, 4), np.inf, np.float32)), VECTORS, WINDOWS)
