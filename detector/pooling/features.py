"""Windows of an image as fixed-length vectors: maps, projection, pyramid pooling (He et al. 2015, figure 5).

The conv layers run once per image and scale; each window picks its scale, is projected onto that map and pooled. The
vectors of an image take 150 MB, so they are pooled in blocks, used and overwritten.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Protocol

import numpy as np
import numpy.typing as npt
import torch

from ..backbone.backbone import Backbone, to_numpy
from ..backbone.preprocessing import resized_size
from ..scoring.head import Head
from ..timing import Stopwatch, stage
from .device import DeviceVectors
from .kernels import Bands, borrowed_bands, distinct_cells, pool_rectangles
from .products import inner_products
from .projection import Preset, choose_scales, window_cells
from .pyramid import LEVELS, bins

BLOCK = 64  # vectors pooled and scored at a time: few enough to stay in the cache
PARTS = 4
Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]
Cells = npt.NDArray[np.int32]
Maps = Mapping[str, Floats | torch.Tensor]  # tensors of the same shape where the conv layers are on another device
Layer = Literal["pool", "fc6", "fc7"]


@dataclass(frozen=True)
class View:
    """A part of a window's vector.

    Attributes:
        enlargement: Of the window, about its centre; infinity takes the whole map.
        levels: Bins per side of every level of the pyramid.
        early: Whether it is pooled from the map before the last pooling layer.
    """

    enlargement: float = 1.0
    levels: Sequence[int] = LEVELS
    early: bool = False


# Beyond the paper: what is around a window, and in the whole image, tells what it may show.
CONTEXT = (View(1.5, (1, 2)), View(np.inf, (1, 2)))
EARLY = (View(1.0, (1, 2, 3), early=True),)


class Vectors(Protocol):
    """The vectors of an image's N windows, however they are made."""

    def all(self) -> Floats:
        """Return the vector of every window: float32 (N, D)."""

    def margins(self, weights: Floats, biases: Floats, clock: Stopwatch | None = None) -> Floats:
        """Return the inner products of every window's vector with weights (K, D), plus biases (K,): float32 (N, K)."""

    def take(self, windows: Indices) -> "Vectors":
        """Return the vectors of some windows, given by number."""


class Features(Protocol):
    """How windows become vectors: SPP-net's way is `WindowFeatures`.

    Attributes:
        backbone: The conv layers.
        scales: Short sides in pixels.
        per_window: Whether maps are those of the windows, and not of the image.
        head: Fully connected layers, if there are some.
    """

    per_window: ClassVar[bool]

    @property
    def backbone(self) -> Backbone: ...  # noqa: D102

    @property
    def head(self) -> Head | None: ...  # noqa: D102

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    @property
    def scales(self) -> Sequence[int]: ...  # noqa: D102

    def key(self) -> str:
        """Return what tells maps of other settings from these, beside their names."""

    def chosen_scales(self, windows: Floats, image_size: tuple[int, int]) -> list[int]:
        """Return the scales that some window selects."""

    def names(self, scales: Sequence[int]) -> list[str]:
        """Return the names of the maps at these scales."""

    def maps(
        self,
        image: npt.NDArray[np.uint8],
        scales: Sequence[int],
        windows: Floats,
        clock: Stopwatch | None = None,
    ) -> Maps:
        """Return the maps of an image at these scales, by name; the clock counts the time of the stages."""

    def project(self, maps: Maps, windows: Floats, image_size: tuple[int, int]) -> Vectors:
        """Return the vectors of an image's windows."""


@dataclass(frozen=True)
class WindowFeatures:
    """How windows become vectors.

    Attributes:
        backbone: The conv layers.
        scales: Short sides in pixels; a window uses the one that brings it nearest to 224x224.
        max_side: The longest side an image is resized to, in pixels.
        levels: Bins per side of every level of the pyramid.
        geometry: "paper" or "release".
        power: Exponent applied to the maps, sign kept; it commutes with the maximum. 1 leaves them as they are.
        context: Whether the surroundings of the window and the whole image are pooled, too.
        early: Whether the map before the last pooling layer is pooled, too.
        head: Fully connected layers that pooled vectors can be put through.
        layer: Whether vectors are what is pooled, or what comes out of the head's first or second layer.
    """

    per_window: ClassVar[bool] = False
    backbone: Backbone
    scales: Sequence[int] = (600,)
    max_side: int = 2400
    levels: Sequence[int] = LEVELS
    geometry: Preset = "paper"
    power: float = 1.0
    context: bool = False
    early: bool = False
    head: Head | None = None
    layer: Layer = "pool"

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self.pooled_dimensions if self.head is None else self.head.dimensions(self.layer)

    @property
    def pooled_dimensions(self) -> int:
        """Length of what is pooled for a window."""
        return sum(self._width(view) for view in self.views)

    @property
    def views(self) -> tuple[View, ...]:
        """The parts of a pooled vector, in order."""
        return (View(1.0, self.levels), *(CONTEXT if self.context else ()), *(EARLY if self.early else ()))

    def key(self) -> str:
        """Return what tells maps of other settings from these, beside their names."""
        return repr((self.backbone.fingerprint(), self.max_side, self.power))

    def chosen_scales(self, windows: Floats, image_size: tuple[int, int]) -> list[int]:
        """Return the scales that some window selects."""
        chosen = np.unique(choose_scales(windows, image_size, self.scales, self.geometry))
        return [self.scales[number] for number in chosen]

    def names(self, scales: Sequence[int]) -> list[str]:
        """Return the names of the maps at these scales."""
        kinds = ("", "-early") if self.early else ("",)
        return [f"{scale}{kind}" for scale in scales for kind in kinds]

    def maps(
        self,
        image: npt.NDArray[np.uint8],
        scales: Sequence[int],
        windows: Floats,
        clock: Stopwatch | None = None,
    ) -> Maps:
        """Return the maps of an image at these scales, by name: float32 (h, w, C); whatever the windows."""
        maps: dict[str, Floats | torch.Tensor] = {}
        for scale in scales:
            with stage(clock, "conv", self.backbone.device):
                early, last = self.backbone.tensors(image, scale, max_side=self.max_side)
                maps[str(scale)] = self._map(last)
                if self.early:
                    maps[f"{scale}-early"] = self._map(early)
        return maps

    def project(self, maps: Maps, windows: Floats, image_size: tuple[int, int]) -> "WindowVectors | DeviceVectors":
        """Return the vectors of an image's windows, not pooled yet.

        Args:
            maps: As `maps` returns them, or as arrays wherever the conv layers are.
            windows: float32 (N, 4), in pixels of the image.
            image_size: Height and width of the image.
        """
        chosen = choose_scales(windows, image_size, self.scales, self.geometry)
        sizes = {name: (map.shape[0], map.shape[1]) for name, map in maps.items()}
        places, index, found = [], np.zeros(len(windows), np.int64), 0
        for number in np.unique(chosen):
            mine = chosen == number
            scale = self.scales[number]
            cells, order = _distinct(self.cells(sizes, windows[mine], image_size, scale))
            index[mine] = order + found
            found += len(cells[0])
            places.append((str(scale), tuple(cells)))
        vectors = WindowVectors(self, maps, tuple(places), index)
        return vectors if self.backbone.device == "cpu" else DeviceVectors.on(self.backbone.device, vectors)

    def cells(
        self, sizes: Mapping[str, tuple[int, int]], windows: Floats, image_size: tuple[int, int], scale: int
    ) -> list[Cells]:
        """Return for every view the cells of its map that each window covers at a scale: int32 (N, 4).

        Args:
            sizes: Height and width of the maps, by name.
            windows: float32 (N, 4), in pixels of the image.
            image_size: Height and width of the image.
            scale: One of the scales.
        """
        return [
            self._cells(view, sizes[self.map_name(view, str(scale))], windows, image_size, scale) for view in self.views
        ]

    def map_name(self, view: View, scale: str) -> str:
        """Return the name of the map that a view is pooled from."""
        return f"{scale}-early" if view.early else scale

    def _cells(
        self, view: View, map_size: tuple[int, int], windows: Floats, image_size: tuple[int, int], scale: int
    ) -> Cells:
        if np.isinf(view.enlargement):
            return np.tile(np.array([0, 0, *map_size[::-1]], np.int32), (len(windows), 1))
        lattice = self.backbone.early if view.early else self.backbone
        return window_cells(
            _enlarged(windows, view.enlargement),
            image_size=image_size,
            scale=min(resized_size(image_size, scale, self.max_side)),
            stride=lattice.stride,
            first_centre=lattice.first_centre,
            map_size=map_size,
            preset=self.geometry,
        )

    def _width(self, view: View) -> int:
        return bins(view.levels) * (self.backbone.early if view.early else self.backbone).channels

    def _map(self, tensor: torch.Tensor) -> Floats | torch.Tensor:
        """Return the power of a map (1, C, h, w) as (h, w, C), an array if the conv layers are on the CPU."""
        with torch.inference_mode():
            powered = tensor if self.power == 1.0 else tensor.sign() * tensor.abs() ** self.power
            return to_numpy(powered) if self.backbone.device == "cpu" else powered[0].permute(1, 2, 0)


@dataclass(frozen=True)
class WindowVectors:
    """The vectors of an image's windows, pooled when they are asked for; windows on the same cells share one.

    Attributes:
        features: Made them.
        maps: They are pooled from these.
        places: For every scale its name and, for every view, the cells of its distinct vectors, int32 (U, 4).
        index: int64 (N,), which vector, counted over all scales, is each window's.
    """

    features: WindowFeatures
    maps: Maps
    places: tuple[tuple[str, tuple[Cells, ...]], ...]
    index: Indices

    def __len__(self) -> int:
        """Return how many distinct vectors there are."""
        return sum(len(cells[0]) for _, cells in self.places)

    def all(self) -> Floats:
        """Return the vector of every window: float32 (N, D)."""
        vectors = np.empty((len(self), self.features.dimensions), np.float32)
        for rows, block in self._blocks(Stopwatch()):
            vectors[rows] = block
        return vectors[self.index]

    def margins(self, weights: Floats, biases: Floats, clock: Stopwatch | None = None) -> Floats:
        """Return the inner products of every window's vector with weights (K, D), plus biases (K,): float32 (N, K)."""
        # Fully connected layers have threads of their own.
        threads = torch.get_num_threads() if self.features.layer == "pool" else 1
        # Some parts for each thread, because they do not take equally long.
        parts = self._parts(max(1, min(PARTS * threads, len(self) // BLOCK)) if threads > 1 else 1)
        clock, clocks = clock or Stopwatch(), [Stopwatch() for _ in parts]
        weights = np.ascontiguousarray(weights)
        with ThreadPoolExecutor(threads) as pool:
            run = pool.map if len(parts) > 1 else map
            margins = np.concatenate(list(run(lambda part, own: part._margins(weights, own), parts, clocks)))
        for own in clocks:
            clock.add(own, 1 / min(threads, len(parts)))
        return (margins + biases)[self.index]

    def take(self, windows: Indices) -> "WindowVectors":
        """Return the vectors of some windows, given by number."""
        wanted, index = np.unique(self.index[windows], return_inverse=True)
        places, start = [], 0
        for scale, cells in self.places:
            mine = wanted[(wanted >= start) & (wanted < start + len(cells[0]))] - start
            places.append((scale, tuple(view[mine] for view in cells)))
            start += len(cells[0])
        return WindowVectors(self.features, self.maps, tuple(places), index)

    def _parts(self, count: int) -> "list[WindowVectors]":
        """Return the distinct vectors in as many parts."""
        bounds, parts = np.linspace(0, len(self), count + 1).astype(int), []
        for start, end in itertools.pairwise(bounds.tolist()):
            places, first = [], 0
            for scale, cells in self.places:
                mine = slice(max(0, start - first), max(0, end - first))
                places.append((scale, tuple(view[mine] for view in cells)))
                first += len(cells[0])
            parts.append(replace(self, places=tuple(places), index=np.arange(end - start)))
        return parts

    def _margins(self, weights: Floats, clock: Stopwatch) -> Floats:
        """Return the inner products of the distinct vectors with weights: float32 (U, K)."""
        margins = np.empty((len(self), len(weights)), np.float32)
        for rows, block in self._blocks(clock):
            with clock("scores"):
                margins[rows] = inner_products(block, weights)
        return margins

    def _blocks(self, clock: Stopwatch) -> Iterator[tuple[slice, Floats]]:
        """Yield the distinct vectors block by block; each is gone when the next comes."""
        features, end = self.features, 0
        buffer = np.empty((min(BLOCK, len(self)), features.pooled_dimensions), np.float32)
        for scale, cells in self.places:
            with ExitStack() as borrowed:
                names = {features.map_name(view, scale) for view in features.views} if len(cells[0]) else ()
                bands = {name: borrowed.enter_context(borrowed_bands(np.asarray(self.maps[name]))) for name in names}
                for start in range(0, len(cells[0]), BLOCK):
                    with clock("pooling"):
                        block = buffer[: len(cells[0]) - start]
                        self._pool(scale, [view[start : start + BLOCK] for view in cells], block, bands)
                    if features.head is not None:
                        with clock("fc"):
                            block = features.head.vectors(block, features.layer)
                    yield slice(end, end := end + len(block)), block

    def _pool(self, scale: str, cells: Sequence[Cells], block: Floats, bands: Mapping[str, Bands]) -> None:
        """Fill the rows of a block, view by view; bands are those of the maps, by name."""
        column = 0
        for view, rectangles in zip(self.features.views, cells, strict=True):
            name, width = self.features.map_name(view, scale), self.features._width(view)
            whole = np.isinf(view.enlargement)
            rectangles = rectangles[:1] if whole else rectangles
            map = np.asarray(self.maps[name])
            pool_rectangles(map, rectangles, block, levels=view.levels, column=column, bands=bands[name])
            if whole:
                block[1:, column : column + width] = block[0, column : column + width]
            column += width


def _distinct(cells: Sequence[Cells]) -> tuple[list[Cells], Indices]:
    """Return the windows that differ in the cells of some view, sorted by the first, and each window's among them."""
    keys = np.zeros(len(cells[0]), np.int64)
    for rectangles in cells:
        distinct, order = distinct_cells(rectangles)
        keys = keys * len(distinct) + order
    _, first, index = np.unique(keys, return_index=True, return_inverse=True)
    return [np.asarray(rectangles[first], np.int32) for rectangles in cells], index


def _enlarged(windows: Floats, factor: float) -> Floats:
    """Return the windows grown about their centres."""
    if factor == 1:
        return windows
    margin = (windows[:, 2:] - windows[:, :2]) * np.float32((factor - 1) / 2)
    return np.hstack([windows[:, :2] - margin, windows[:, 2:] + margin])
