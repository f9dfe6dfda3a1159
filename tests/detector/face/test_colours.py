"""Tests of the colours of classes: told apart by all eyes, and a ground that letters are read on."""

import itertools

import numpy as np
import numpy.typing as npt
import pytest

from sppnet.detector.face.colours import class_colour, contrast, text_colour

# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
EYES = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]])
WHITE = np.array([0.95047, 1, 1.08883])


def lab(colours: npt.NDArray[np.float64], eye: str) -> npt.NDArray[np.float64]:
    """Return CIE Lab (N, 3) of sRGB colours from 0 to 255 as an eye sees them."""
    parts = colours / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    x = np.clip(linear @ EYES[eye].T, 0, 1) @ XYZ.T / WHITE
    f = np.where(x > 216 / 24389, np.cbrt(x), (24389 / 27 * x + 16) / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


def least_distance(classes: int, eye: str) -> float:
    """Return the least CIE Lab distance of two among the first classes' colours."""
    found = lab(np.array([class_colour(label) for label in range(classes)], float), eye)
    return min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(found, 2))


def test_lab_is_that_of_the_standard() -> None:
    # Pure red, by the tables of Bruce Lindbloom.
    np.testing.assert_allclose(lab(np.array([[255.0, 0, 0]]), "usual"), [[53.24, 80.09, 67.20]], atol=0.01)


@pytest.mark.parametrize(
    ("classes", "eye", "least"),
    [
        *((8, "usual", 45), (8, "protanopia", 28), (8, "deuteranopia", 28)),
        *((20, "usual", 30), (20, "protanopia", 17), (20, "deuteranopia", 17)),
    ],
)
def test_colours_are_told_apart(classes: int, eye: str, least: float) -> None:
    assert least_distance(classes, eye) > least


def test_the_colours_of_the_twenty_first_class_are_those_of_the_first() -> None:
    assert class_colour(20) == class_colour(0) != class_colour(19)


@pytest.mark.parametrize("label", range(20))
def test_letters_are_read_on_every_colour(label: int) -> None:
    colour = class_colour(label)

    assert contrast(text_colour(colour), colour) >= 4.5


def test_contrast_is_that_of_wcag() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.005)  # the well-known #777
