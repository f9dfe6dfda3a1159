"""Selective search (Uijlings et al. 2013): image -> windows that may hold an object, best first.

Which colours, which scale and which notion of similarity set an object apart from what is around it differs from
object to object. So many are tried: each colour space and each k give a segmentation, each strategy groups it into a
hierarchy, and the boxes of all regions of all hierarchies are windows.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np

from .colours import Image, convert, smooth, smooth_exactly, textures
from .errors import ProposalError
from .grouping import MAX_REGIONS, describe, group
from .ranking import Boxes, rank, rank_by_chance
from .segmentation import Graph, contacts, pixel_graph, segmentations, superpixel_graph
from .settings import MAX_SIDE, MODES, checked
from .superpixels import Ints, Nodes, average, edge_levels, pixels, superpixels


@dataclass(frozen=True, init=False)
class SelectiveSearch:
    """Finds windows in an image; the same image and settings always give the same windows.

    Args:
        mode: Where all settings come from that are not given. "fast" keeps the recall of the paper's fast mode at a
            fraction of its time: it starts from superpixels and leaves out texture. "turbo" does so at half the
            resolution. "quality" tries more colour spaces and similarities, and smaller regions. "exact" is the
            paper's algorithm with the settings of its fast mode; only similarities are rounded, to a 32,768th.
        colours: Colour spaces, of COLOURS.
        k: Scales of the segmentation, in grey levels times pixels; the larger, the larger its regions.
        strategies: For each hierarchy the terms that its similarity adds up, of TERMS.
        sigma: Smoothing before the segmentation, in pixels, 0 for none.
        min_size: Smaller regions of the segmentation join a neighbour, in pixels; 0 for k of them.
        min_side: Narrower or shorter windows are left out, in pixels of the image, except for the whole image.
        scale: The image is searched at this size, 1 for its own. All that counts pixels, but `min_side`, counts those.
        work_pixels: A larger image is searched at a size of about so many pixels, so that time stays bounded.
        exact: Segment the graph of all pixels instead of that of superpixels, and rank by chance as in the paper.
        limit: How many windows at most.
        seed: Of the random part of the ranking.

    Raises:
        ProposalError: If a setting is out of its range.
    """

    mode: str
    colours: tuple[str, ...]
    k: tuple[float, ...]
    strategies: tuple[tuple[str, ...], ...]
    sigma: float
    min_size: int
    min_side: int
    scale: float
    work_pixels: int
    exact: bool
    limit: int
    seed: int

    def __init__(
        self,
        *,
        mode: str = "fast",
        colours: Sequence[str] | None = None,
        k: Sequence[float] | None = None,
        strategies: Sequence[Sequence[str]] | None = None,
        sigma: float | None = None,
        min_size: int | None = None,
        min_side: int | None = None,
        scale: float | None = None,
        work_pixels: int | None = None,
        exact: bool | None = None,
        limit: int = 2000,
        seed: int = 0,
    ) -> None:
        mode = checked("mode", mode)
        given = {
            "colours": colours,
            "k": k,
            "strategies": strategies,
            "sigma": sigma,
            "min_size": min_size,
            "min_side": min_side,
            "scale": scale,
            "work_pixels": work_pixels,
            "exact": exact,
        }
        settings = MODES[mode] | {name: value for name, value in given.items() if value is not None}
        for name, value in (settings | {"mode": mode, "limit": limit, "seed": seed}).items():
            object.__setattr__(self, name, checked(name, value))

    def __call__(self, image: Image) -> Boxes:
        """Return the windows of an image, best first, the whole image before all others.

        Args:
            image: uint8 (H, W, 3), RGB, each side 1 to MAX_SIDE.

        Returns:
            float32 (N, 4), 1 <= N <= limit, no two the same.

        Raises:
            ProposalError: If the array is no such image.
        """
        _keep_freed_memory()
        hierarchies = list(self.hierarchies(image))
        ranked = rank_by_chance if self.exact else rank
        return ranked(hierarchies, min_side=self.min_side, limit=self.limit, seed=self.seed)

    def hierarchies(self, image: Image) -> Iterator[Ints]:
        """Yield the boxes of each hierarchy, int32 (M, 4), in the order in which their regions came to be.

        Argument and error are those of a call. One hierarchy has the boxes of R regions, then those of R - 1 merged
        ones, of which the last is the whole image.
        """
        check_image(image)
        height, width = image.shape[:2]
        small = self._shrink(image)
        enlarge = np.array([width, height, width, height]) / np.tile(small.shape[1::-1], 2)
        for boxes in self._search(small):
            yield boxes if small is image else np.rint(boxes * enlarge).astype(np.int32)

    def _shrink(self, image: Image) -> Image:
        """Return the image at the size at which it is searched."""
        height, width = image.shape[:2]
        scale = min(self.scale, math.sqrt(self.work_pixels / (height * width)))
        if scale >= 1:
            return image
        size = max(1, math.ceil(width * scale)), max(1, math.ceil(height * scale))
        return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))

    def _search(self, image: Image) -> Iterator[Ints]:
        uses_texture = any("texture" in terms for terms in self.strategies)
        for converted, nodes, graph in self._graphs(image):
            colours = average(nodes, converted)
            slopes = average(nodes, textures(converted)) if uses_texture else colours[:, :0]
            for segments in segmentations(graph, self.k, self.min_size):
                regions = describe(segments, nodes, colours=colours, textures=slopes)
                _check_number(len(regions.sizes))
                for terms in self.strategies:
                    yield group(regions, terms=terms)

    def _graphs(self, image: Image) -> Iterator[tuple[Image, Nodes, Graph]]:
        """Yield for each colour space the image in it, the nodes, which are always the same, and their graph."""
        if self.exact:
            nodes = pixels(*image.shape[:2])
            for colours in self.colours:
                converted = convert(image, colours)
                yield converted, nodes, pixel_graph(smooth_exactly(converted, self.sigma))
            return
        lab = convert(image, "lab")
        planes = smooth(lab, self.sigma)
        levels = edge_levels(planes)
        nodes = superpixels(planes, levels)
        touching = contacts(nodes)
        for colours in self.colours:
            converted = lab if colours == "lab" else convert(image, colours)
            lengths = levels if colours == "lab" else edge_levels(smooth(converted, self.sigma))
            yield converted, nodes, superpixel_graph(nodes, touching, lengths)


@cache
def _keep_freed_memory() -> None:
    """Have the C library keep freed memory for the next image: a fifth of the time would go into asking for it anew.

    Freeing an array raises the size from which glibc maps and unmaps each array on its own (mallopt(3),
    M_MMAP_THRESHOLD), up to 32 MiB. This one is never written to, so it takes up nothing.
    """
    np.empty(31 << 20, np.uint8)


def check_image(image: Any) -> None:
    """Raise a ProposalError unless this is an image that can be searched."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        raise ProposalError(f"an image must be a uint8 array, not {getattr(image, 'dtype', type(image).__name__)}")
    if image.ndim != 3 or image.shape[2] != 3 or not 1 <= min(image.shape) <= max(image.shape) <= MAX_SIDE:
        raise ProposalError(f"an image must be (H, W, 3) with sides of 1 to {MAX_SIDE}, not {image.shape}")


def _check_number(regions: int) -> None:
    if regions > MAX_REGIONS:
        raise ProposalError(f"an image may have {MAX_REGIONS} regions, not {regions}: choose a larger min_size")
