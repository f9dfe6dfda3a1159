"""Selective search (Uijlings et al. 2013): image -> windows that may hold an object, best first.

Which colours, which scale and which notion of similarity set an object apart from what is around it differs from
object to object. So many are tried: each colour space and each k give a segmentation, each strategy groups it into a
hierarchy, and the boxes of all regions of all hierarchies are windows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from .errors import ProposalError
from .grouping import MAX_REGIONS, TERMS, Ints, Planes, describe, group
from .segmentation import Floats, pixel_graph, segment, small_graph

Image = npt.NDArray[np.uint8]
Boxes = npt.NDArray[np.float32]

COLOURS = ("rgb", "grey", "lab", "hsv", "normalised", "hue")
MAX_SIDE = 65_535
MAX_SIGMA = 10
TEXTURE_SIGMA = 1.0
ORIENTATIONS = 8


@dataclass(frozen=True, kw_only=True)
class SelectiveSearch:
    """Finds windows in an image; the same image and settings always give the same windows.

    The defaults keep the recall of the paper's settings at a fraction of their time, mostly by leaving out texture.
    With `exact=True`, `strategies=(("colour", "texture", "size", "fill"), ("texture", "size", "fill"))`, `k=(50, 100)`
    and `min_size=None` it is the fast mode of the paper.

    Args:
        colours: Colour spaces, of COLOURS.
        k: Scales of the segmentation, in grey levels times pixels; the larger, the larger its regions.
        strategies: For each hierarchy the terms that its similarity adds up, of TERMS.
        sigma: Smoothing before the segmentation, in pixels, 0 for none.
        min_size: Smaller regions of the segmentation join a neighbour, in pixels; None for k of them.
        min_side: Narrower or shorter windows are left out, in pixels, except for the whole image.
        limit: How many windows at most.
        seed: Of the random part of the ranking.
        exact: Segment the graph of all pixels instead of the small one.

    Raises:
        ProposalError: If a setting is out of its range.
    """

    colours: Sequence[str] = ("hsv", "lab")
    k: Sequence[float] = (100, 200, 300)
    strategies: Sequence[Sequence[str]] = (("colour", "size", "fill"), ("size", "fill"))
    sigma: float = 0.8
    min_size: int | None = 100
    min_side: int = 15
    limit: int = 2000
    seed: int = 0
    exact: bool = False

    def __post_init__(self) -> None:
        """Check the settings, and give them their types: a search is hashable, and equal ones print the same."""
        object.__setattr__(self, "colours", tuple(self.colours))
        object.__setattr__(self, "k", tuple(map(float, self.k)))
        object.__setattr__(self, "strategies", tuple(map(tuple, self.strategies)))
        _check("colours", self.colours, bool(self.colours) and set(self.colours) <= set(COLOURS), f"some of {COLOURS}")
        _check("k", self.k, bool(self.k) and all(0 < k < np.inf for k in self.k), "positive numbers")
        known = all(terms and set(terms) <= set(TERMS) for terms in self.strategies)
        _check("strategies", self.strategies, bool(self.strategies) and known, f"groups of {TERMS}")
        _check("sigma", self.sigma, 0 <= self.sigma <= MAX_SIGMA, f"0 to {MAX_SIGMA}")
        _check("min_size", self.min_size, self.min_size is None or _is_whole(self.min_size, 1), "None, 1 or more")
        _check("min_side", self.min_side, _is_whole(self.min_side, 1), "1 or more")
        _check("limit", self.limit, _is_whole(self.limit, 1), "1 or more")
        _check("seed", self.seed, _is_whole(self.seed, 0), "0 or more")
        object.__setattr__(self, "sigma", float(self.sigma))
        object.__setattr__(self, "min_size", None if self.min_size is None else int(self.min_size))
        for name in ("min_side", "limit", "seed"):
            object.__setattr__(self, name, int(getattr(self, name)))

    def __call__(self, image: Image) -> Boxes:
        """Return the windows of an image, best first, the whole image before all others.

        Args:
            image: uint8 (H, W, 3), RGB, each side 1 to MAX_SIDE.

        Returns:
            float32 (N, 4), 1 <= N <= limit, no two the same.

        Raises:
            ProposalError: If the array is no such image.
        """
        check_image(image)
        return self._rank(list(self.hierarchies(image)))

    def hierarchies(self, image: Image) -> Iterator[Ints]:
        """Yield the boxes of each hierarchy, int32 (M, 4), in the order in which their regions came to be."""
        texture = any("texture" in terms for terms in self.strategies)
        for colours in self.colours:
            planes = _convert(image, colours)
            textures = _textures(planes) if texture else planes[:0]
            graph = (pixel_graph if self.exact else small_graph)(_smooth(planes, self.sigma))
            for k in self.k:
                segments = segment(graph, k=k, min_size=int(k) if self.min_size is None else self.min_size)
                regions = describe(segments.regions[graph.nodes], segments.pairs, colours=planes, textures=textures)
                _check_number(len(regions.sizes))
                for terms in self.strategies:
                    yield group(regions, terms=terms)

    def _rank(self, hierarchies: list[Ints]) -> Boxes:
        """Return the best windows: the nearer to the top of its hierarchy the better, times a random number."""
        boxes = np.concatenate(hierarchies)
        steps = np.concatenate([np.arange(len(hierarchy), 0, -1) for hierarchy in hierarchies])
        priorities = steps * np.random.default_rng(self.seed).random(len(steps))
        priorities[steps == 1] = 0  # the whole image
        large = (boxes[:, 2:] - boxes[:, :2] >= self.min_side).all(axis=1) | (steps == 1)
        boxes = boxes[large][np.argsort(priorities[large], kind="stable")]
        x1, y1, x2, y2 = boxes.astype(np.uint64).T
        _, first = np.unique(x1 << 48 | y1 << 32 | x2 << 16 | y2, return_index=True)
        windows: Boxes = boxes[np.sort(first)[: self.limit]].astype(np.float32)
        return windows


def check_image(image: Any) -> None:
    """Raise a ProposalError unless this is an image that can be searched."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        raise ProposalError(f"an image must be a uint8 array, not {getattr(image, 'dtype', type(image).__name__)}")
    if image.ndim != 3 or image.shape[2] != 3 or not 1 <= min(image.shape) <= max(image.shape) <= MAX_SIDE:
        raise ProposalError(f"an image must be (H, W, 3) with sides of 1 to {MAX_SIDE}, not {image.shape}")


def _check(name: str, value: object, good: bool, rule: str) -> None:
    if not good:
        raise ProposalError(f"{name} must be {rule}, not {value!r}")


def _is_whole(value: object, least: int) -> bool:
    return isinstance(value, int | np.integer) and int(value) >= least


def _check_number(regions: int) -> None:
    if regions > MAX_REGIONS:
        raise ProposalError(f"an image may have {MAX_REGIONS} regions, not {regions}: choose a larger min_size")


def _convert(image: Image, colours: str) -> Planes:
    """Return the channels of a colour space, uint8 (C, H, W), each 0 to 255."""
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
    else:
        converted = image
    return np.ascontiguousarray(converted.transpose(2, 0, 1))


def _smooth(planes: Planes, sigma: float) -> Floats:
    floats = planes.astype(np.float32)
    if sigma == 0:
        return floats
    return np.stack([cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE) for plane in floats])


def _textures(planes: Planes) -> Planes:
    """Return how steeply each channel rises in each of eight directions, uint8 (8 C, H, W), at most 255."""
    slopes = []
    for plane in _smooth(planes, TEXTURE_SIGMA):
        across, down = (
            cv2.Sobel(plane, cv2.CV_32F, x, 1 - x, ksize=1, borderType=cv2.BORDER_REPLICATE) for x in (1, 0)
        )
        scale = 255 / max(np.hypot(across, down).max(), 1)
        for angle in np.arange(ORIENTATIONS) * (2 * np.pi / ORIENTATIONS):
            slope = np.maximum(np.float32(np.cos(angle)) * across + np.float32(np.sin(angle)) * down, 0)
            slopes.append((slope * scale).astype(np.uint8))
    return np.stack(slopes)
