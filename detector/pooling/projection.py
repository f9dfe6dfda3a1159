"""From windows to cells of a map, and to the scale a window uses (He et al. 2015, section 4.1 and appendix A).

Both presets keep the cells whose receptive-field centre lies strictly inside the window. "paper" means exactly that;
"release" (github.com/ShaoqingRen/SPP_net) first widens the window by tau = stride / 2 - offset pixels on every side.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..errors import InputError

Preset = Literal["paper", "release"]
PAPER_SCALES = (480, 576, 688, 864, 1200)
RELEASE_SCALES = (480, 576, 688, 874, 1200)


def window_cells(
    windows: npt.NDArray[np.float32],
    *,
    image_size: tuple[int, int],
    scale: int,
    stride: int,
    first_centre: float,
    map_size: tuple[int, int],
    preset: Preset = "paper",
    offset: float = 6.5,
) -> npt.NDArray[np.int32]:
    """Return the rectangle of map cells that every window covers.

    A window without a centre inside takes the cell in the middle of the two bounds that crossed. Bounds are then moved
    into the map, so that every window, small or outside, has at least one cell.

    Args:
        windows: float32 (N, 4), finite, in pixels of the original image.
        image_size: (height, width) of the original image.
        scale: Short side in pixels of the image the backbone saw, after any cap: `min(resized_size(...))`.
        stride: Distance of two cells in pixels of the resized image.
        first_centre: Centre of the first cell's receptive field, counted from the centre of the first pixel (the
            release's offset0 - 1; 20 for its ZF-5 and 0 for the paper's padding).
        map_size: (height, width) of the map in cells.
        preset: Which rule; see the module.
        offset: The release's shrinkage in pixels; only "release" reads it.

    Returns:
        int32 (N, 4), x1 y1 x2 y2 in cells, half-open, inside the map; (0, 4) for N = 0.

    Raises:
        InputError: If an argument is out of range.
    """
    if min(map_size) < 1 or min(image_size) < 1 or scale < 1 or stride < 1:
        raise InputError(
            f"map size {map_size}, image size {image_size}, scale {scale} and stride {stride} must all be at least 1"
        )
    tau = {"paper": 0.0, "release": stride / 2 - offset}[checked_preset(preset)]
    # Centres of the outermost pixels, so that first pixel maps onto first and last onto last (release, section 2.1).
    corners = np.asarray(windows, np.float64) - [0, 0, 1, 1]
    corners *= (scale - 1) / max(min(image_size) - 1, 1)
    first = np.floor((corners[:, :2] - tau - first_centre) / stride) + 1
    last = np.ceil((corners[:, 2:] + tau - first_centre) / stride) - 1
    middle = np.floor((first + last) / 2)
    limit = np.array(map_size[::-1]) - 1
    cells = np.empty((len(windows), 4), np.int32)
    cells[:, :2] = np.clip(np.minimum(first, np.where(first > last, middle, first)), 0, limit)
    cells[:, 2:] = np.clip(np.where(first > last, middle, last), 0, limit) + 1
    return cells


def cell_boxes(
    cells: npt.NDArray[np.int32], *, image_size: tuple[int, int], scale: int, stride: int, first_centre: float
) -> npt.NDArray[np.float32]:
    """Return where rectangles of map cells lie in the image, the way back of `window_cells`.

    A cell is drawn as the square of a stride about the centre of its receptive field, so that cells tile the plane;
    what it sees is larger. Nothing is cut at the image's border.

    Args:
        cells: int32 (N, 4), half-open.
        image_size: As in `window_cells`, like all else.

    Returns:
        float32 (N, 4), in pixels of the original image; (0, 4) for N = 0.
    """
    edges = (first_centre + (np.asarray(cells, np.float64) - 0.5) * stride) * max(min(image_size) - 1, 1)
    return np.asarray(edges / max(scale - 1, 1) + 0.5, np.float32)  # the centre of pixel 0 lies at 0.5


def choose_scales(
    windows: npt.NDArray[np.float32],
    image_size: tuple[int, int],
    scales: Sequence[int],
    preset: Preset = "paper",
) -> npt.NDArray[np.int64]:
    """Return the index of the scale every window uses: the one that brings it nearest to the trained size.

    "paper" compares areas with 224 x 224 pixels, "release" the short side with the one that would make the window's
    mean side 208. The first of equally good scales wins; windows below one pixel count as one pixel.

    Args:
        windows: float32 (N, 4), finite, in pixels of the original image.
        image_size: (height, width) of the original image.
        scales: Short sides in pixels.

    Returns:
        int64 (N,), (0,) for N = 0.

    Raises:
        InputError: If there is no scale, or a length is below a pixel.
    """
    if len(scales) == 0 or min(scales) < 1 or min(image_size) < 1:
        raise InputError(f"scales {tuple(scales)} and image size {image_size} must hold lengths of at least 1 pixel")
    corners = np.asarray(windows, np.float64)
    area = np.maximum(np.prod(np.maximum(corners[:, 2:] - corners[:, :2], 0), axis=1), 1)[:, None]
    short, sides = min(image_size), np.array(scales, np.float64)
    if checked_preset(preset) == "paper":
        distance = np.abs(area * (sides / short) ** 2 - 224**2)
    else:
        distance = np.abs(sides - np.floor(208 * short / np.sqrt(area) + 0.5))
    index: npt.NDArray[np.int64] = distance.argmin(axis=1)
    return index


def checked_preset(preset: str) -> str:
    """Return the name of a preset, or raise InputError."""
    if preset not in ("paper", "release"):
        raise InputError(f"preset must be 'paper' or 'release', not {preset!r}")
    return preset
