"""How a classifier is shown an image: the pooled vectors whose scores it averages (He et al. 2015, 3.1.4 and 3.1.5).

The framing "full" is the whole image, "ten" are ten crops (corners and centre, mirrored too), each convolved by itself.
"maps" are the same windows and more at six scales, pooled from the maps of whole images, which are convolved twice for
each scale: as they are and mirrored.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from ..backbone.backbone import Backbone
from ..backbone.conv_layers import padded
from ..backbone.preprocessing import resized
from ..errors import InputError
from ..pooling.differentiable import pool_differentiably
from ..pooling.projection import window_cells
from ..types import Image
from .augmentation import cut

Framing = Literal["full", "ten", "maps"]
SIDE, SCALES = 224, (224, 256, 300, 360, 448, 560)  # pixels of windows, and of the short sides that go with them


def framed_vectors(
    backbone: Backbone,
    image: Image,
    framing: Framing,
    size: int | None,
    side: int,
    short_side: int,
    levels: Sequence[int],
) -> torch.Tensor:
    """Return the vectors of an image in a framing: (N, D), of which "full" has 1, "ten" 10 and "maps" 98.

    Args:
        backbone: The conv layers.
        image: uint8 (H, W, 3) RGB.
        framing: "full", "ten" or "maps"; see `Classifier.predict`.
        size: Short side of the full image, or side of crops and windows, in pixels; None is as in training.
        side: Pixels of the crops' sides in training.
        short_side: Pixels of the images' short side in training.
        levels: Bins per side of each level of the pyramid.

    Raises:
        InputError: If there is no such framing.
    """
    if framing == "full":
        return whole_vectors(backbone, image, size or short_side, levels)
    short_side, side = round(short_side * (size or side) / side), size or side
    if framing == "ten":
        return crop_vectors(backbone, image, short_side, side, levels)
    if framing == "maps":
        scales = [round(scale * side / SIDE) for scale in SCALES]
        return map_vectors(backbone, image, short_side, side, scales, levels)
    raise InputError(f"framing must be full, ten or maps, not {framing!r}")


def whole_vectors(backbone: Backbone, image: Image, short_side: int, levels: Sequence[int]) -> torch.Tensor:
    """Return the vector of a whole image of any size, resized to a short side in pixels: (1, D)."""
    return _pooled(_map(backbone, resized(image, short_side)), None, levels)


def crop_vectors(backbone: Backbone, image: Image, short_side: int, side: int, levels: Sequence[int]) -> torch.Tensor:
    """Return the vectors of the ten crops of an image: (10, D).

    Args:
        backbone: The conv layers.
        image: uint8 (H, W, 3) RGB.
        short_side: Pixels of the image's short side when it is cropped.
        side: Pixels of a crop's sides.
        levels: Bins per side of each level of the pyramid.
    """
    picture = resized(image, short_side)
    windows = crop_windows(picture.shape[:2], side).tolist()
    crops = [cut(picture, top, left, side) for left, top, _, _ in windows]
    both = [*crops, *(np.ascontiguousarray(crop[:, ::-1]) for crop in crops)]
    return torch.cat([_pooled(_map(backbone, crop), None, levels) for crop in both])


def map_vectors(
    backbone: Backbone, image: Image, short_side: int, side: int, scales: Sequence[int], levels: Sequence[int]
) -> torch.Tensor:
    """Return the vectors of windows on the maps of an image at several scales, and of the whole image.

    Each scale has the windows of `grid_windows`, and those of the mirrored image; so has one scale the whole image.
    With the scales and the side of the paper these are 96 windows and 2 images.

    Args:
        backbone: The conv layers.
        image: uint8 (H, W, 3) RGB.
        short_side: Pixels of the short side of the whole image.
        side: Sides of a window in pixels of the resized image.
        scales: Short sides of the resized images in pixels.
        levels: Bins per side of each level of the pyramid.

    Returns:
        (N, D): at each scale the windows, then those of the mirrored image; last the whole image and its mirror image.
    """
    images = (image, np.ascontiguousarray(image[:, ::-1]))
    vectors = []
    for scale in scales:
        for picture in (resized(each, scale) for each in images):
            map, size = _map(backbone, picture), (picture.shape[0], picture.shape[1])
            cells = window_cells(
                grid_windows(size, side).astype(np.float32),
                image_size=size,
                scale=min(size),
                stride=backbone.last.stride,
                first_centre=backbone.last.first_centre,
                map_size=(map.shape[2], map.shape[3]),
            )
            vectors.append(_pooled(map, cells, levels))
    return torch.cat([*vectors, *(whole_vectors(backbone, each, short_side, levels) for each in images)])


def crop_windows(size: tuple[int, ...], side: int) -> npt.NDArray[np.int64]:
    """Return the squares in the corners and in the centre of an image, at whole pixels: int64 (5, 4).

    Args:
        size: (height, width) of the image in pixels.
        side: Pixels of a square's sides; where the image is smaller the square leaves it.
    """
    tops, lefts = _starts(size, side)
    return _windows([(tops[row], lefts[column]) for row, column in ((0, 0), (0, 2), (2, 0), (2, 2), (1, 1))], side)


def grid_windows(size: tuple[int, ...], side: int) -> npt.NDArray[np.int64]:
    """Return the squares in the corners, between them and in the centre of an image, row by row: int64 (9, 4).

    Where the short side has room for one only, these are three, along the long side: int64 (3, 4).

    Args:
        size: (height, width) of the image in pixels.
        side: Pixels of a square's sides; where the image is smaller the square leaves it.
    """
    tops, lefts = _starts(size, side)
    if min(size) <= side:
        tops, lefts = (tops[:1], lefts) if size[0] <= size[1] else (tops, lefts[:1])
    return _windows([(top, left) for top in tops for left in lefts], side)


def _starts(size: tuple[int, ...], side: int) -> list[list[int]]:
    """Return where squares begin from above, and from the left: at the edge, in the middle, at the other edge."""
    return [[0, max(0, length - side) // 2, max(0, length - side)] for length in size]


def _windows(starts: list[tuple[int, int]], side: int) -> npt.NDArray[np.int64]:
    return np.array([(left, top, left + side, top + side) for top, left in starts])


def _map(backbone: Backbone, picture: Image) -> torch.Tensor:
    """Return the map of a picture as it is (1, C, h, w), padded with the mean where it is too small for a cell."""
    return torch.as_tensor(backbone.convolve(padded(backbone.preprocessing(picture), backbone.least_side)))


def _pooled(map: torch.Tensor, cells: npt.NDArray[np.int32] | None, levels: Sequence[int]) -> torch.Tensor:
    """Return the vectors of rectangles of a map, of the whole one for None."""
    if cells is None:
        cells = np.array([[0, 0, map.shape[3], map.shape[2]]], np.int32)
    return pool_differentiably(map, cells, levels)
