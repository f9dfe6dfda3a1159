"""R-CNN (Girshick et al. 2014), the baseline: every window is cut out, warped to one size and convolved by itself.

Backbone, pyramid, SVMs, mining, regression and suppression are SPP-net's, so that the two differ in nothing but where
the conv layers run.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import cv2
import numpy as np
import numpy.typing as npt

from . import backbone as conv  # these import what needs torch when it is first used, which takes seconds
from . import pooling as pooled
from .backbone.conv_layers import ConvLayers
from .errors import InputError
from .model import SPPNet
from .pooling.kernels import pool_rectangles
from .pooling.pyramid import LEVELS, bins
from .pooling.settings import Pooling, View
from .pooling.vectors import Maps, StoredVectors, Vectors
from .threads import thread_count
from .timing import DeviceStopwatch, Stopwatch
from .types import Floats, Image, Indices

if TYPE_CHECKING:
    import torch

    from .pooling.head import Head

SIDE, CONTEXT = 227, 16  # pixels of a warped window, and of them around the window itself on every side
SECONDS_PER_WINDOW = 0.005  # measured on two cores, for the estimate of a training
BATCH = 16  # windows convolved together: more do not fit the cache, fewer leave threads idle


class RCNN(SPPNet):
    """An R-CNN object detector; see `SPPNet`, whose settings of scales and geometry it does without."""

    method = "rcnn"

    def __init__(self, classes: Sequence[str], **settings: Any) -> None:
        """Take the settings of `SPPNet`.

        Raises:
            InputError: If one of them needs maps of whole images.
        """
        super().__init__(classes, **{"pooling": Pooling(), **settings})
        [view, *others] = self.pooling.views
        if self.fine_tuning or others or view != View(view.levels) or self.pooling.power != 1:
            raise InputError("R-CNN has no maps of whole images: no fine_tuning, no power, and a single usual view")

    def plan(self, images: int) -> dict[str, float]:
        """Return what a training needs, as `SPPNet.plan`: nearly all goes into convolving windows."""
        windows = images * self.search.limit
        *_, last = conv.declared_maps(self.backbone).values()
        dimensions = last.channels * bins(self.pooling.views[0].levels)
        return {
            **super().plan(images),
            "disk_bytes": windows * dimensions * 2.0,
            "seconds": windows * SECONDS_PER_WINDOW,
        }

    def _window_features(self, backbone: ConvLayers, head: "Head | None" = None) -> "WarpedFeatures":
        return WarpedFeatures(backbone, self.pooling.views[0].levels)


@dataclass(frozen=True)
class WarpedFeatures:
    """Windows as vectors, one conv pass each.

    Attributes:
        backbone: The conv layers.
        levels: Bins per side of every level of the pyramid on a warped window's map.
    """

    per_window: ClassVar[bool] = True
    backbone: ConvLayers
    levels: Sequence[int] = LEVELS
    scales: Sequence[int] = (SIDE,)
    head: "Head | None" = None

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self.backbone.last.channels * bins(self.levels)

    def key(self) -> str:
        """Return what tells vectors of other settings from these."""
        return repr(("rcnn", self.backbone.fingerprint(), tuple(self.levels)))

    def at(self, scales: Sequence[int]) -> "WarpedFeatures":
        """Raise InputError: there is one size only."""
        raise InputError(f"R-CNN warps every window to {SIDE} pixels: there are no scales to choose, as {list(scales)}")

    def vectors(self, image: Image, windows: Floats, clock: Stopwatch | None = None) -> Vectors:
        """Return the vectors of an image's windows, float32 (N, 4)."""
        size = (image.shape[0], image.shape[1])
        return self.project(self.maps(image, self.scales, windows, clock), windows, self.scales_of(windows, size), size)

    def scales_of(self, windows: Floats, image_size: tuple[int, int]) -> Indices:
        """Return the side that every window is warped to: int64 (N,)."""
        return np.full(len(windows), SIDE)

    def names(self, scales: Sequence[int]) -> list[str]:
        """Return the name of the array that `maps` returns."""
        return [str(scale) for scale in scales]

    def maps(self, image: Image, scales: Sequence[int], windows: Floats, clock: Stopwatch | None = None) -> Maps:
        """Return the vectors of all windows, float32 (N, D), under the side's name."""
        if self.backbone.device != "cpu":
            return {str(SIDE): self.on_device(image, windows, clock)}
        clock = clock or Stopwatch()
        vectors = np.empty((len(windows), self.dimensions), np.float32)
        with clock("warping"):
            whole_image = self.backbone.preprocessing(image)
        with ThreadPoolExecutor(thread_count()) as threads:
            for start in range(0, len(windows), BATCH):
                parts = np.array_split(windows[start : start + BATCH], thread_count())
                with clock("warping"):
                    pixels = np.concatenate(list(threads.map(partial(warped, whole_image), parts)))
                with clock("conv"):
                    maps = np.asarray(self.backbone.convolve(pixels))
                    maps = np.ascontiguousarray(maps.transpose(0, 2, 3, 1))
                with clock("pooling"):
                    list(threads.map(self._pool_whole, maps, vectors[start : start + BATCH, None]))
        return {str(SIDE): vectors}

    def _pool_whole(self, map: Floats, vector: Floats) -> None:
        """Write the vector, (1, D), of a whole map."""
        whole = np.array([[0, 0, map.shape[1], map.shape[0]]], np.int32)
        pool_rectangles(map, whole, vector, levels=self.levels)

    def on_device(
        self, image: Image, windows: Floats, clock: "Stopwatch | DeviceStopwatch | None" = None
    ) -> "torch.Tensor":
        """Return the vectors of all windows, float32 (N, D), warped, convolved and pooled where the conv layers are."""
        crops, landings = warped_places(windows, (image.shape[0], image.shape[1]))
        return pooled.warped_vectors(self.backbone, image, crops, landings, SIDE, self.levels, clock)

    def images_at_once(self, image_size: tuple[int, int]) -> int:
        """Return how many images a device works on together: one, whose windows fill it."""
        return 1

    def products(
        self, images: Sequence[Image], windows: Sequence[Floats], columns: "torch.Tensor", clock: DeviceStopwatch
    ) -> "torch.Tensor":
        """Return inner products of the vectors of an image with columns (D, P), on the device: (1, N, P)."""
        vectors = self.on_device(images[0], windows[0], clock)
        with clock("scores"):
            return (vectors @ columns)[None]

    def project(self, maps: Maps, windows: Floats, scales: Indices, image_size: tuple[int, int]) -> Vectors:
        """Return the vectors of the windows that `maps` was given."""
        vectors = maps[str(SIDE)]
        if self.backbone.device == "cpu":
            return StoredVectors(np.asarray(vectors))
        return pooled.TensorVectors.on(self.backbone.device, vectors)


def context_window(window: Floats) -> npt.NDArray[np.int64]:
    """Return windows enlarged so that, warped to 227 pixels, 16 of them on every side are context.

    Args:
        window: float32 (..., 4), x1 y1 x2 y2, edges outside.

    Returns:
        int64 (..., 4), the first pixel and the one after the last, which may lie outside the image; rounded as in
        R-CNN's release, whose coordinates count from 1 and include the last pixel.
    """
    corners = np.asarray(window, np.float64) + np.array([1, 1, 0, 0])
    half = (corners[..., 2:] - corners[..., :2] + 1) / 2
    centre, grown = corners[..., :2] + half, half * SIDE / (SIDE - 2 * CONTEXT)
    first, last = np.floor(centre - grown + 0.5), np.floor(centre + grown + 0.5)
    return np.concatenate([first - 1, last], axis=-1).astype(np.int64)


def warped_places(windows: Floats, image_size: tuple[int, int]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return which pixels of the image windows (N, 4) take, and where on their warped squares these land.

    Returns:
        int64 (N, 4) twice, x1 y1 x2 y2; a window beside the image takes a rectangle without pixels.
    """
    wanted = context_window(windows)
    crops = np.concatenate(
        [np.maximum(wanted[:, :2], 0), np.minimum(wanted[:, 2:], np.array(image_size[::-1]))], axis=1
    )
    origin, scale = np.tile(wanted[:, :2], 2), SIDE / np.tile(wanted[:, 2:] - wanted[:, :2], 2)
    landings = np.floor((crops - origin) * scale + 0.5).astype(np.int64)
    landings[:, :2] = np.clip(landings[:, :2], 0, SIDE - 1)
    landings[:, 2:] = np.clip(landings[:, 2:], landings[:, :2] + 1, SIDE)
    return crops, landings


def warped(pixels: Floats, windows: Floats) -> Floats:
    """Return what the conv layers see of windows: float32 (N, 3, 227, 227), zero, the mean, outside the image.

    Args:
        pixels: float32 (1, 3, H, W), the image as the preprocessing leaves it.
        windows: float32 (N, 4), in pixels of the image.
    """
    image = np.ascontiguousarray(pixels[0].transpose(1, 2, 0))
    seen = np.zeros((len(windows), SIDE, SIDE, 3), np.float32)
    places = (part.tolist() for part in warped_places(windows, (image.shape[0], image.shape[1])))
    for square, (left, top, right, bottom), (x1, y1, x2, y2) in zip(seen, *places, strict=True):
        if left < right and top < bottom:
            square[y1:y2, x1:x2] = cv2.resize(
                image[top:bottom, left:right], (x2 - x1, y2 - y1), interpolation=cv2.INTER_LINEAR
            )
    return seen.transpose(0, 3, 1, 2)
