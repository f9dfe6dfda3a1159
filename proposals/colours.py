"""What the search sees of an image: its colour spaces, smoothed or not, and its textures."""

import cv2
import numpy as np
import numpy.typing as npt
from numba import njit

from .errors import ProposalError

COLOURS = ("rgb", "grey", "lab", "hsv", "normalised", "hue")
LEVELS_PER_GREY = 32
TEXTURE_SIGMA = 1.0
ORIENTATIONS = 8
_BITS = 9  # of the fractions that a smoothing kernel is made of

Image = npt.NDArray[np.uint8]
Planes = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float32]


def convert(image: Image, colours: str) -> Image:
    """Return an image in a colour space, uint8 (H, W, C), each channel 0 to 255.

    Args:
        image: uint8 (H, W, 3), RGB.
        colours: One of COLOURS.
    """
    if colours == "hsv":
        converted = cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL)
    elif colours == "lab":
        converted = cv2.cvtColor(image, cv2.COLOR_RGB2LAB)
    elif colours == "grey":
        converted = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None]
    elif colours == "hue":
        converted = cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL)[..., :1]
    elif colours == "normalised":
        total = image.sum(axis=2, dtype=np.uint16, keepdims=True)
        converted = (image * np.uint16(255) // np.maximum(total, 1)).astype(np.uint8)
    elif colours == "rgb":
        converted = image
    else:
        raise ProposalError(f"a colour space must be one of {COLOURS}, not {colours!r}")
    return np.ascontiguousarray(converted)


def smooth(colours: Image, sigma: float) -> Planes:
    """Return the smoothed channels of an image in fixed point: int16 (C, H, W), in 32nds of a grey level.

    The kernel is a Gaussian cut off at three sigma; beyond the border the border goes on.
    """
    radius = round(3 * sigma)
    taps = np.exp(-0.5 * (np.arange(-radius, radius + 1) / max(sigma, 1e-6)) ** 2)
    fractions = np.round(taps / taps.sum() * (1 << _BITS)).astype(np.int32)
    fractions[radius] += (1 << _BITS) - fractions.sum()
    return _smooth(_split(colours), fractions)


def smooth_exactly(colours: Image, sigma: float) -> Floats:
    """Return the smoothed channels of an image, float32 (C, H, W)."""
    planes = _split(colours).astype(np.float32)
    if sigma == 0:
        return planes
    return np.stack([cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE) for plane in planes])


def textures(colours: Image) -> Image:
    """Return how steeply each channel rises in each of eight directions, uint8 (H, W, 8 C).

    255 is the steepest slope of the channel in the image, or a grey level per pixel where none is steeper.
    """
    slopes = []
    for plane in smooth_exactly(colours, TEXTURE_SIGMA):
        across, down = (
            cv2.Sobel(plane, cv2.CV_32F, x, 1 - x, ksize=1, borderType=cv2.BORDER_REPLICATE) for x in (1, 0)
        )
        scale = 255 / max(np.hypot(across, down).max(), 1)
        for angle in np.arange(ORIENTATIONS) * (2 * np.pi / ORIENTATIONS):
            slope = np.maximum(np.float32(np.cos(angle)) * across + np.float32(np.sin(angle)) * down, 0)
            slopes.append((slope * scale).astype(np.uint8))
    return np.stack(slopes, axis=-1)


def _split(colours: Image) -> Image:
    planes = np.empty((colours.shape[2], *colours.shape[:2]), np.uint8)
    cv2.split(colours, list(planes))
    return planes


@njit(cache=True, nogil=True)
def _smooth(planes: Image, fractions: npt.NDArray[np.int32]) -> Planes:
    """Smooth down the columns, then along the rows; both kernels together have 2 * _BITS bits of fraction."""
    channels, height, width = planes.shape
    radius = len(fractions) // 2
    smoothed = np.empty(planes.shape, np.int16)
    padded, sums = np.empty(width + 2 * radius, np.int32), np.empty(width, np.int32)
    for channel in range(channels):
        for y in range(height):
            row = padded[radius : radius + width]
            row[:] = 0
            for tap in range(len(fractions)):
                _add(row, planes[channel, min(max(y + tap - radius, 0), height - 1)], fractions[tap])
            padded[:radius] = row[0]
            padded[radius + width :] = row[-1]
            sums[:] = 1 << 2 * _BITS - 6  # half a unit of the result
            for tap in range(len(fractions)):
                _add(sums, padded[tap : tap + width], fractions[tap])
            found = smoothed[channel, y]
            for x in range(width):
                found[x] = sums[x] >> np.int32(2 * _BITS - 5)
    return smoothed


@njit(cache=True, nogil=True)
def _add(sums: npt.NDArray[np.int32], values: npt.NDArray[np.generic], factor: np.int32) -> None:
    for x in range(len(sums)):
        sums[x] += np.int32(values[x]) * factor
