"""What a classifier is shown of an image in training: a random crop, mirrored or not, in slightly other colours.

The noise of the colours is AlexNet's (Krizhevsky et al. 2012, section 4.1): along the principal components of the
colours of ImageNet, one draw for a whole image. An input smaller than the crop is that crop resized, so that training
at several sizes shows the same content at all of them (He et al. 2015, section 2.3).
"""

import cv2
import numpy as np

from ..backbone.preprocessing import resized
from ..types import Image

# Of ImageNet's red, green and blue from 0 to 255: standard deviations, and directions in the columns.
DEVIATIONS = np.array([55.46, 4.794, 1.148])
DIRECTIONS = np.array([[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]])


def random_crop(image: Image, short_side: int, side: int, *, colours: float, random: np.random.Generator) -> Image:
    """Return a square of an image at a random place, mirrored in half the cases and with other colours.

    Args:
        image: uint8 (H, W, 3) RGB.
        short_side: Pixels of the image's short side when it is cropped.
        side: Pixels of the crop's sides, at most `short_side`.
        colours: Standard deviation of the noise along each principal component, as a part of the component's own;
            AlexNet's is 0.1, and 0 leaves colours as they are.
        random: Draws the place, whether the crop is mirrored, and the noise.

    Returns:
        uint8 (side, side, 3).
    """
    picture = resized(image, short_side)
    top, left = (int(random.integers(max(0, length - side) + 1)) for length in picture.shape[:2])
    mirrored, noise = random.integers(2), random.normal(0, colours, 3)
    crop = cut(picture, top, left, side)[:, :: -1 if mirrored else 1]
    shift = np.asarray(DIRECTIONS @ (noise * DEVIATIONS), np.float32)
    return np.asarray(np.clip(np.rint(crop + shift), 0, 255), np.uint8)


def centre_crop(image: Image, short_side: int, side: int) -> Image:
    """Return the square in the middle of an image: uint8 (side, side, 3); see `random_crop`."""
    picture = resized(image, short_side)
    top, left = (max(0, length - side) // 2 for length in picture.shape[:2])
    return cut(picture, top, left, side)


def cut(picture: Image, top: int, left: int, side: int) -> Image:
    """Return a square of a picture: uint8 (side, side, 3).

    Where the picture is too small its last row and column are repeated.

    Args:
        picture: uint8 (H, W, 3).
        top: First row of the square.
        left: First column of the square.
        side: Pixels of the square's sides.
    """
    crop = picture[top : top + side, left : left + side]
    missing = [(0, side - length) for length in crop.shape[:2]]
    return np.pad(crop, [*missing, (0, 0)], mode="edge") if crop.shape[:2] != (side, side) else crop


def square(crop: Image, size: int) -> Image:
    """Return a crop as an input of another size: uint8 (size, size, 3)."""
    return np.asarray(cv2.resize(crop, (size, size), interpolation=cv2.INTER_LINEAR), np.uint8)
