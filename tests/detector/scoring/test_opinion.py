"""Tests of an image as a model sees it, on features that tell what they are shown."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from sppnet.detector.pooling.features import Features
from sppnet.detector.pooling.vectors import StoredVectors
from sppnet.detector.scoring.calibration import Calibration
from sppnet.detector.scoring.detection import Opinion, WindowScorer
from sppnet.detector.scoring.inference import Inference
from sppnet.detector.scoring.opinion import opinion_of

Floats = npt.NDArray[np.float32]
IMAGE = np.zeros((50, 100, 3), np.uint8)
IMAGE[:, 99] = 200
WINDOWS = np.array([[10, 5, 40, 20]], np.float32)


class Telling:
    """Features whose vector of a window is its left edge, and the colour of the image's last pixel."""

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = factor

    def at(self, scales: Sequence[int]) -> "Telling":
        return Telling(float(scales[0]))

    def vectors(self, image: npt.NDArray[np.uint8], windows: Floats, *_: Any) -> StoredVectors:
        assert image.flags.c_contiguous
        colour = np.full(len(windows), image[0, -1, 0], np.float32)
        return StoredVectors(np.stack([self.factor * windows[:, 0], colour], axis=1))


def opinion(windows: Floats = WINDOWS, **settings: Any) -> Opinion:
    """Return the opinion of a model of two classes, whose margins are a vector, and whose windows move by it."""
    eye = np.eye(2, dtype=np.float32)
    offset_weights = np.tile(np.array([[1, 0], [0, 1], [0, 0], [0, 0]], np.float32), (2, 1, 1))
    scorer = WindowScorer(eye, np.zeros(2, np.float32), offset_weights, np.zeros((2, 4), np.float32), Calibration())
    return opinion_of(cast(Features, Telling()), scorer, IMAGE, windows, inference=Inference(**settings))


def test_usually_the_image_alone_is_seen() -> None:
    np.testing.assert_array_equal(opinion().margins, [[10, 200]])


def test_with_the_mirror_image_margins_are_means() -> None:
    np.testing.assert_array_equal(opinion(mirror=True).margins, [[(10 + 60) / 2, (200 + 0) / 2]])


def test_a_shift_to_the_right_is_one_to_the_left_in_the_mirror_image() -> None:
    offsets = opinion(mirror=True).offsets(np.array([0]), np.array([1]))

    np.testing.assert_array_equal(offsets, [[(10 - 60) / 2, (200 + 0) / 2, 0, 0]])


def test_the_scales_are_those_of_inference() -> None:
    np.testing.assert_array_equal(opinion(scales=(3,)).margins, [[30, 200]])


def test_no_windows_have_no_margins() -> None:
    assert opinion(WINDOWS[:0], mirror=True).margins.shape == (0, 2)


def test_margins_and_offsets_with_the_mirror_image_are_float32() -> None:
    seen = opinion(mirror=True)

    assert seen.margins.dtype == seen.offsets(np.array([0]), np.array([0])).dtype == np.float32
