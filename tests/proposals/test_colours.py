"""Colour spaces by hand, smoothing and textures against plain readings of their definitions."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sppnet.proposals import ProposalError
from sppnet.proposals.colours import COLOURS, Floats, Image, Planes, convert, smooth, smooth_exactly, textures
from tests.proposals.images import few_examples, noise

SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 17))


def pixel(*values: int) -> Image:
    return np.array([[values]], np.uint8)


@pytest.mark.parametrize(
    ("colours", "channels"),
    [
        ("rgb", [250, 50, 0]),
        ("normalised", [250 * 255 // 300, 50 * 255 // 300, 0]),
        ("grey", [104]),  # 0.299 * 250 + 0.587 * 50
        ("hsv", [9, 255, 250]),  # 12 degrees of 360
        ("hue", [9]),
    ],
)
def test_colour_spaces_have_the_channels_of_their_name(colours: str, channels: list[int]) -> None:
    assert convert(pixel(250, 50, 0), colours).tolist() == [[channels]]


@pytest.mark.parametrize(("grey", "lightness"), [(0, 0), (119, 128), (255, 255)])
def test_a_grey_in_lab_has_lightness_alone(grey: int, lightness: int) -> None:
    np.testing.assert_allclose(convert(pixel(grey, grey, grey), "lab"), [[[lightness, 128, 128]]], atol=1)


def test_red_in_lab_has_the_values_of_the_standard() -> None:
    red = [53.24 * 2.55, 80.09 + 128, 67.20 + 128]  # of sRGB red: L* 53.24, a* 80.09, b* 67.20

    np.testing.assert_allclose(convert(pixel(255, 0, 0), "lab"), [[red]], atol=1)


def test_normalised_colours_are_shares_of_255() -> None:
    image = noise((12, 17))

    np.testing.assert_array_equal(convert(image, "normalised"), image * 255.0 // image.sum(axis=2, keepdims=True))


def test_black_has_no_normalised_colour() -> None:
    assert not convert(np.zeros((2, 2, 3), np.uint8), "normalised").any()


def test_hue_is_the_first_channel_of_hsv() -> None:
    image = noise((12, 17))

    np.testing.assert_array_equal(convert(image, "hue")[..., 0], convert(image, "hsv")[..., 0])


@pytest.mark.parametrize("colours", COLOURS)
def test_a_mirrored_view_is_converted_into_contiguous_memory(colours: str) -> None:
    view = noise((12, 17))[:, ::-1]

    converted = convert(view, colours)

    np.testing.assert_array_equal(converted, convert(view.copy(), colours))
    assert converted.shape[:2] == (12, 17)
    assert converted.dtype == np.uint8
    assert converted.flags.c_contiguous


def test_an_unknown_colour_space_is_refused() -> None:
    with pytest.raises(ProposalError, match=r"a colour space must be one of .*'rgb'.*, not 'cmyk'"):
        convert(noise((2, 2)), "cmyk")


def test_smoothing_noise_is_that_of_opencv_within_half_a_grey_level() -> None:
    image = noise((12, 17))

    smoothed = smooth(image, 0.8) / 32

    blurred = cv2.GaussianBlur(image.astype(np.float32), (5, 5), 0.8, borderType=cv2.BORDER_REPLICATE)
    np.testing.assert_allclose(smoothed, blurred.transpose(2, 0, 1), atol=0.5)


@few_examples
@given(shape=SHAPES, sigma=st.sampled_from([0.3, 0.8, 1.5, 4]))
def test_smoothing_rounds_once_at_the_end(shape: tuple[int, int], sigma: float) -> None:
    image = noise(shape)

    np.testing.assert_array_equal(smooth(image, sigma), plain_smooth(image, sigma))


@few_examples
@given(grey=st.integers(0, 255), sigma=st.floats(0, 10))
def test_smoothing_keeps_a_constant_exactly(grey: int, sigma: float) -> None:
    image = np.full((5, 6, 3), grey, np.uint8)

    np.testing.assert_array_equal(smooth(image, sigma), np.full((3, 5, 6), 32 * grey))


@pytest.mark.parametrize("sigma", [0, 0.01])
def test_a_sigma_of_nothing_smoothes_nothing(sigma: float) -> None:
    image = noise((12, 17))

    np.testing.assert_array_equal(smooth(image, sigma), image.transpose(2, 0, 1).astype(np.int16) * 32)


def test_smoothing_the_mirror_image_mirrors_the_result() -> None:
    image = noise((12, 17))

    np.testing.assert_array_equal(smooth(image[:, ::-1].copy(), 0.8), smooth(image, 0.8)[:, :, ::-1])


@few_examples
@given(shape=SHAPES, sigma=st.sampled_from([0.3, 0.8, 1.5, 4]))
def test_exact_smoothing_is_a_gaussian(shape: tuple[int, int], sigma: float) -> None:
    image = noise(shape)

    smoothed = smooth_exactly(image, sigma)

    assert smoothed.dtype == np.float32
    np.testing.assert_allclose(smoothed, plain_gaussian(image, sigma), atol=0.05)


def test_an_exact_sigma_of_nothing_smoothes_nothing() -> None:
    image = noise((12, 17))

    np.testing.assert_array_equal(smooth_exactly(image, 0), image.transpose(2, 0, 1))


@few_examples
@given(shape=SHAPES)
def test_textures_are_slopes_in_eight_directions(shape: tuple[int, int]) -> None:
    image = noise(shape)

    slopes = textures(image)

    assert slopes.dtype == np.uint8
    np.testing.assert_allclose(slopes, plain_textures(image), atol=1.01)


def test_the_texture_of_a_ramp_is_steepest_along_it() -> None:
    ramp = np.arange(0, 200, 10, dtype=np.uint8)[None].repeat(9, axis=0)[..., None]

    np.testing.assert_allclose(textures(ramp)[4, 10], [255, 180, 0, 0, 0, 0, 0, 180], atol=1)


def test_the_texture_of_a_falling_ramp_points_the_other_way() -> None:
    ramp = np.arange(200, 0, -10, dtype=np.uint8)[None].repeat(9, axis=0)[..., None]

    np.testing.assert_allclose(textures(ramp)[4, 10], [0, 0, 0, 180, 255, 180, 0, 0], atol=1)


def test_a_constant_image_has_no_texture() -> None:
    assert not textures(np.full((5, 6, 3), 99, np.uint8)).any()


def weigh(sigma: float, radius: int) -> npt.NDArray[np.float64]:
    taps = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return np.asarray(taps / taps.sum())


def pad(image: Image, radius: int) -> npt.NDArray[np.int64]:
    return np.pad(image.astype(np.int64), [(radius, radius), (radius, radius), (0, 0)], mode="edge")


def plain_smooth(image: Image, sigma: float) -> Planes:
    """Return the sums of whole 512ths in both directions, rounded to the nearest 32nd of a grey level."""
    height, width, _ = image.shape
    radius = round(3 * sigma)
    taps = np.round(weigh(sigma, radius) * 512).astype(np.int64)
    taps[radius] += 512 - taps.sum()
    columns = sum(tap * pad(image, radius)[place : place + height] for place, tap in enumerate(taps))
    both = sum(tap * columns[:, place : place + width] for place, tap in enumerate(taps))
    return np.asarray(np.floor(both / 8192 + 0.5).astype(np.int16).transpose(2, 0, 1))


def plain_gaussian(image: Image, sigma: float) -> Floats:
    height, width, _ = image.shape
    radius = round(4 * sigma) + 1
    taps = weigh(sigma, radius)
    columns = sum(tap * pad(image, radius)[place : place + height] for place, tap in enumerate(taps))
    both = sum(tap * columns[:, place : place + width] for place, tap in enumerate(taps))
    return np.asarray(both.astype(np.float32).transpose(2, 0, 1))


def plain_textures(image: Image) -> npt.NDArray[np.float64]:
    slopes = []
    for plane in smooth_exactly(image, 1.0):
        padded = np.pad(plane.astype(np.float64), 1, mode="edge")
        across, down = padded[1:-1, 2:] - padded[1:-1, :-2], padded[2:, 1:-1] - padded[:-2, 1:-1]
        steepest = max(np.sqrt(across**2 + down**2).max(), 1)
        for eighth in range(8):
            angle = eighth * np.pi / 4
            slope = (np.cos(angle) * across + np.sin(angle) * down).clip(0)
            slopes.append(np.floor(slope / steepest * 255))
    return np.stack(slopes, axis=-1)
