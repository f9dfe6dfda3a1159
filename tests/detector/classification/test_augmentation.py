"""Tests of what a classifier is shown in training: which part of the image, at which size, in which colours."""

import numpy as np
import numpy.typing as npt
import pytest

from sppnet.detector.classification.augmentation import centre_crop, random_crop, square


def ramp(height: int, width: int) -> npt.NDArray[np.uint8]:
    """Return an image whose pixels tell their row and their column."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, rows * 0], axis=2).astype(np.uint8)


def crops(count: int, *, colours: float = 0.0) -> npt.NDArray[np.uint8]:
    random = np.random.default_rng(0)
    return np.stack([random_crop(ramp(30, 50), 30, 20, colours=colours, random=random) for _ in range(count)])


def test_crops_come_from_the_whole_image_and_are_mirrored_in_half_the_cases() -> None:
    found = crops(400)
    tops, mirrored = found[:, 0, 0, 0], found[:, 0, 0, 1] > found[:, 0, 1, 1]
    lefts = found[..., 1].min(axis=(1, 2))

    assert (tops.min(), tops.max(), lefts.min(), lefts.max()) == (0, 10, 0, 30)
    assert 150 < mirrored.sum() < 250


def test_a_crop_without_noise_is_a_part_of_the_image() -> None:
    first = crops(1)[0]
    top, left = first[0, 0, 0], first[..., 1].min()
    part = ramp(30, 50)[top : top + 20, left : left + 20]

    assert any(np.array_equal(first, candidate) for candidate in (part, part[:, ::-1]))


def test_the_short_side_is_resized_before_the_crop() -> None:
    image = np.full((40, 80, 3), 7, np.uint8)
    image[:, 40:] = 200

    crop = random_crop(image, 10, 10, colours=0, random=np.random.default_rng(1))

    assert crop.shape == (10, 10, 3)
    assert set(np.unique(crop)) <= {7, 200}


def test_noise_shifts_a_whole_image_along_the_colours() -> None:
    plain, noisy = crops(200).astype(int), crops(200, colours=0.1).astype(int)
    shifts = (noisy - plain)[:, 10, 10]

    inside = (plain > 30) & (plain < 220)
    np.testing.assert_array_equal((noisy - plain)[inside], np.broadcast_to(shifts[:, None, None], plain.shape)[inside])
    # The first principal component is nearly grey, with a deviation of 0.1 * 55.46 * 0.58.
    assert 2.6 < shifts[plain[:, 10, 10, 0] > 15, 1].std() < 4


def test_noise_stays_in_the_range_of_colours() -> None:
    image = np.full((8, 8, 3), 10, np.uint8)
    image[:, 4:] = 245
    random = np.random.default_rng(3)

    found = np.stack([random_crop(image, 8, 8, colours=0.5, random=random) for _ in range(50)])

    darkest, lightest = found.min(axis=2), found.max(axis=2)
    assert (lightest.astype(int) - darkest > 100).all()
    assert (darkest == 0).any() and (lightest == 255).any()


def test_the_centre_crop_is_the_middle() -> None:
    np.testing.assert_array_equal(centre_crop(ramp(30, 50), 30, 20), ramp(30, 50)[5:25, 15:35])


def test_an_image_of_one_pixel_fills_the_crop() -> None:
    np.testing.assert_array_equal(centre_crop(np.full((1, 1, 3), 9, np.uint8), 16, 14), np.full((14, 14, 3), 9))


def test_a_strip_too_long_to_be_resized_is_continued_at_its_edge() -> None:
    strip = np.full((2, 6000, 3), 9, np.uint8)

    np.testing.assert_array_equal(centre_crop(strip, 16, 14), np.full((14, 14, 3), 9))


@pytest.mark.parametrize("size", [224, 180])
def test_a_smaller_input_shows_the_same_content(size: int) -> None:
    smooth = np.tile(np.linspace(0, 223, 224)[:, None, None], (1, 224, 3)).astype(np.uint8)

    resized = square(smooth, size)

    np.testing.assert_allclose(resized[:, 0, 0], np.linspace(0, 223, size), atol=1)
    assert resized.shape == (size, size, 3)
