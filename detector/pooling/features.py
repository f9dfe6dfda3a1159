"""Windows of an image as fixed-length vectors: maps, projection, pyramid pooling (He et al. 2015, figure 5).

The conv layers run once per image and scale; each window picks its scale, is projected onto that scale's maps and
pooled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np

from .. import pooling as lazily  # whose modules come when they are first used: a GPU's pooling needs torch
from ..backbone.conv_layers import ConvLayers, cells_of
from ..backbone.preprocessing import resized_size
from ..timing import DeviceStopwatch, Stopwatch, stage
from ..types import Floats, Image, Indices
from .kernels import distinct_cells
from .projection import cell_boxes, choose_scales, window_cells
from .pyramid import bins
from .settings import Pooling, View
from .vectors import Cells, Layer, Maps, Rectangles, Vectors, WindowVectors

if TYPE_CHECKING:
    import torch

    from .device import DeviceVectors
    from .head import Head


class Features(Protocol):
    """How windows become vectors: SPP-net's way is `WindowFeatures`.

    Attributes:
        backbone: The conv layers.
        head: Fully connected layers, if there are some.
        per_window: Whether maps are those of the windows, and not of the image.
    """

    per_window: ClassVar[bool]

    @property
    def backbone(self) -> ConvLayers: ...  # noqa: D102

    @property
    def head(self) -> "Head | None": ...  # noqa: D102

    @property
    def scales(self) -> Sequence[int]:
        """Short sides of an image, or sides of a window, in pixels."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    def at(self, scales: Sequence[int]) -> "Features":
        """Return the same at other scales; InputError if there are none to choose."""

    def vectors(self, image: Image, windows: Floats, clock: Stopwatch | None = None) -> Vectors:
        """Return the vectors of an image's windows, float32 (N, 4); the clock counts the time of the stages."""

    def images_at_once(self, image_size: tuple[int, int]) -> int:
        """Return how many images of a size (height, width) a device works on together."""

    def products(
        self, images: Sequence[Image], windows: Sequence[Floats], columns: "torch.Tensor", clock: DeviceStopwatch
    ) -> "torch.Tensor":
        """Return inner products of vectors of images of one size, on the device; see `window_products`."""

    def key(self) -> str:
        """Return what tells maps of other settings from these, beside their names."""

    def names(self, scales: Sequence[int]) -> list[str]:
        """Return the names of the maps at these scales."""

    def scales_of(self, windows: Floats, image_size: tuple[int, int]) -> Indices:
        """Return the scale that every window uses, in pixels: int64 (N,)."""

    def maps(self, image: Image, scales: Sequence[int], windows: Floats, clock: Stopwatch | None = None) -> Maps:
        """Return the maps of an image at these scales, by name."""

    def project(self, maps: Maps, windows: Floats, scales: Indices, image_size: tuple[int, int]) -> Vectors:
        """Return the vectors of an image's windows, which use these scales, from its maps."""


@dataclass(frozen=True)
class WindowFeatures:
    """SPP-net's way: the maps of the whole image are shared by its windows.

    Attributes:
        backbone: The conv layers.
        pooling: What is pooled from their maps.
        head: Fully connected layers that pooled vectors can be put through.
        layer: Whether vectors are what is pooled, or what comes out of the head's first or second layer.
    """

    per_window: ClassVar[bool] = False
    backbone: ConvLayers
    pooling: Pooling = field(default_factory=Pooling)
    head: "Head | None" = None
    layer: Layer = "pool"

    @property
    def scales(self) -> tuple[int, ...]:
        """Short sides in pixels."""
        return self.pooling.scales

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        if self.head is None or self.layer == "pool":
            return self.pooled_dimensions
        return self.head.dimensions(self.layer)

    @property
    def pooled_dimensions(self) -> int:
        """Length of what is pooled for a window."""
        return sum(bins(view.levels) * self.backbone.named(view.map).channels for view in self.pooling.views)

    @cached_property
    def map_names(self) -> tuple[str, ...]:
        """The maps that are needed: those of the views; of a stem that lacks some of them, its last one, too."""
        wanted = {view.map or self.backbone.last.name for view in self.pooling.views}
        there = [name for name in self.backbone.maps if name in wanted]
        lacking = len(there) < len(wanted) and self.backbone.last.name not in there
        return (*there, self.backbone.last.name) if lacking else tuple(there)

    def at(self, scales: Sequence[int]) -> "WindowFeatures":
        """Return the same at other scales; see `Features`."""
        return replace(self, pooling=replace(self.pooling, scales=tuple(scales)))

    def vectors(self, image: Image, windows: Floats, clock: Stopwatch | None = None) -> "WindowVectors | DeviceVectors":
        """Return the vectors of an image's windows, float32 (N, 4), not pooled yet; see `Features`."""
        size = (image.shape[0], image.shape[1])
        scales = self.scales_of(windows, size)
        return self.project(self.maps(image, np.unique(scales).tolist(), windows, clock), windows, scales, size)

    def images_at_once(self, image_size: tuple[int, int]) -> int:
        """Return how many images of a size (height, width) a device works on together."""
        return lazily.images_at_once(self, image_size)

    def products(
        self, images: Sequence[Image], windows: Sequence[Floats], columns: "torch.Tensor", clock: DeviceStopwatch
    ) -> "torch.Tensor":
        """Return inner products of vectors of images of one size, on the device; see `window_products`."""
        return lazily.window_products(self, images, windows, columns, clock)

    def key(self) -> str:
        """Return what tells maps of other settings from these, beside their names."""
        return repr((self.backbone.fingerprint(), self.pooling.max_side, self.pooling.power))

    def names(self, scales: Sequence[int]) -> list[str]:
        """Return the names of the maps at these scales."""
        return [f"{scale}-{name}" for scale in scales for name in self.map_names]

    def scales_of(self, windows: Floats, image_size: tuple[int, int]) -> Indices:
        """Return the scale that every window uses, in pixels: int64 (N,)."""
        chosen = choose_scales(windows, image_size, self.scales, self.pooling.geometry)
        return np.array(self.scales, np.int64)[chosen]

    def maps(self, image: Image, scales: Sequence[int], windows: Floats, clock: Stopwatch | None = None) -> Maps:
        """Return the maps of an image at these scales, by name: float32 (h, w, C); whatever the windows."""
        maps: dict[str, Floats | torch.Tensor] = {}
        for scale in scales:
            with stage(clock, "conv", self.backbone.device):
                found = self.backbone.maps_of(image, scale, self.map_names, max_side=self.pooling.max_side)
                maps |= {f"{scale}-{name}": self._powered(map) for name, map in found.items()}
        return maps

    def project(
        self, maps: Maps, windows: Floats, scales: Indices, image_size: tuple[int, int]
    ) -> "WindowVectors | DeviceVectors":
        """Return the vectors of an image's windows, not pooled yet.

        Args:
            maps: As `maps` returns them, or as arrays wherever the conv layers are.
            windows: float32 (N, 4), in pixels of the image.
            scales: int64 (N,), as `scales_of` returns them.
            image_size: Height and width of the image.
        """
        sizes = {name: (map.shape[0], map.shape[1]) for name, map in maps.items()}
        places, index, found = [], np.zeros(len(windows), np.int64), 0
        for scale in np.unique(scales).tolist():
            mine = scales == scale
            place, order = _distinct(self.rectangles(sizes, windows[mine], image_size, scale))
            index[mine] = order + found
            found += len(place)
            places.append(place)
        vectors = WindowVectors(
            self.pooling.views, maps, tuple(places), index, self.pooled_dimensions, self.head, self.layer
        )
        return vectors if self.backbone.device == "cpu" else lazily.DeviceVectors.on(self.backbone.device, vectors)

    def rectangles(
        self, sizes: Mapping[str, tuple[int, int]], windows: Floats, image_size: tuple[int, int], scale: int
    ) -> Rectangles:
        """Return the cells that each window covers at a scale, for every view.

        Args:
            sizes: Height and width of the maps, by name.
            windows: float32 (N, 4), in pixels of the image.
            image_size: Height and width of the image.
            scale: One of the scales.
        """
        views = self.pooling.views
        names = tuple(f"{scale}-{self.backbone.named(view.map).name}" for view in views)
        cells = (
            self._cells(view, sizes[name], windows, image_size, scale) for view, name in zip(views, names, strict=True)
        )
        return Rectangles(names, tuple(cells))

    def boxes(self, view: View, cells: Cells, image_size: tuple[int, int], scale: int) -> Floats:
        """Return where cells of a view's map lie in the image, at a scale: float32 (N, 4); see `cell_boxes`."""
        map = self.backbone.named(view.map)
        return cell_boxes(
            cells,
            image_size=image_size,
            scale=min(resized_size(image_size, scale, self.pooling.max_side)),
            stride=map.stride,
            first_centre=map.first_centre,
        )

    def _cells(
        self, view: View, map_size: tuple[int, int], windows: Floats, image_size: tuple[int, int], scale: int
    ) -> Cells:
        if view.enlargement is None:
            return np.tile(np.array([0, 0, *map_size[::-1]], np.int32), (len(windows), 1))
        map = self.backbone.named(view.map)
        return window_cells(
            _enlarged(windows, view.enlargement),
            image_size=image_size,
            scale=min(resized_size(image_size, scale, self.pooling.max_side)),
            stride=map.stride,
            first_centre=map.first_centre,
            map_size=map_size,
            preset=self.pooling.geometry,
        )

    def _powered(self, map: "Floats | torch.Tensor") -> "Floats | torch.Tensor":
        """Return the power of a map (1, C, h, w) as (h, w, C), an array if the conv layers are on the CPU."""
        power = self.pooling.power
        if isinstance(map, np.ndarray):
            cells = cells_of(map)
            return cells if power == 1.0 else np.sign(cells) * np.abs(cells) ** np.float32(power)
        return (map if power == 1.0 else map.sign() * map.abs() ** power)[0].permute(1, 2, 0)


def _distinct(place: Rectangles) -> tuple[Rectangles, Indices]:
    """Return the windows that differ in the cells of some view, sorted by the first, and each window's among them."""
    keys = np.zeros(len(place), np.int64)
    for cells in place.cells:
        distinct, order = distinct_cells(cells)
        keys = keys * len(distinct) + order
    _, first, index = np.unique(keys, return_index=True, return_inverse=True)
    return place[first], index


def _enlarged(windows: Floats, factor: float) -> Floats:
    """Return the windows grown about their centres."""
    if factor == 1:
        return windows
    margin = (windows[:, 2:] - windows[:, :2]) * np.float32((factor - 1) / 2)
    return np.hstack([windows[:, :2] - margin, windows[:, 2:] + margin])
