"""Whole images as vectors of one length: the layers of a backbone at any image scale (He et al. 2015, section 3.2).

The conv layers run once for all the layers asked for. A block of them (`conv5`, `fire9`) is pooled over the whole image
by the pyramid, and four more names stand for what can be made of the last map:

- `pool`: its 6 x 6 level alone, what a network without the pyramid would see;
- `spp`: the whole pyramid;
- `mean`: the average over its cells, beyond the paper;
- `fc`: what a last convolution makes of it, averaged over the image, where the weights came with one: the class scores
  of SqueezeNet, the 1,280 channels before those of EfficientNet-Lite.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Literal

import cv2
import numpy as np
import torch
from torch import nn

from ..backbone.backbone import Backbone
from ..checks import check_image
from ..errors import InputError
from ..files.cache import content_key
from ..pooling.pyramid import LEVELS
from ..pooling.pyramid_layer import PyramidPooling
from ..types import Floats, Image

Framing = Literal["full", "crop", "warp"]
FRAMINGS: tuple[Framing, ...] = ("full", "crop", "warp")


class ImageFeatures:
    """Turns an image of any size into one vector, l2-normalised; a vector of zeros stays one.

    Attributes:
        layers: Names of the layers that a vector is made of.
        scale: Short side in pixels that images are resized to.
        framing: How an image is shown to the conv layers.
        mirrored: Whether mirror images count, too.

    Args:
        backbone: The conv layers.
        layers: Some of `layer_names`; the vectors of several are put side by side.
        scale: Short side in pixels. The paper's best on VOC07 is the default.
        levels: Bins per side of each level of the pyramid.
        framing: "full" is the whole image with its aspect, "crop" the square in its middle, "warp" the whole image made
            a square.
        mirrored: Whether a layer's vector is the mean of the image's and its mirror image's; beyond the paper.

    Raises:
        InputError: If there is no such layer or framing, or a number is out of range.
    """

    def __init__(
        self,
        backbone: Backbone,
        layers: Sequence[str] = ("spp",),
        *,
        scale: int = 392,
        levels: Sequence[int] = LEVELS,
        framing: Framing = "full",
        mirrored: bool = False,
    ) -> None:
        known = layer_names(backbone)
        for name in layers:
            if name not in known:
                raise InputError(f"there is no layer {name!r} of {backbone.name}; there are {', '.join(known)}")
        if not layers or scale < 1 or framing not in FRAMINGS:
            raise InputError(
                f"there must be a layer, a scale of at least 1 pixel and a framing of {', '.join(FRAMINGS)}, "
                f"not {tuple(layers)}, {scale} and {framing!r}"
            )
        self.backbone, self.layers, self.scale, self.framing, self.mirrored = (
            backbone,
            tuple(layers),
            scale,
            framing,
            mirrored,
        )
        self._pyramid, self._finest = PyramidPooling(levels), PyramidPooling((6,))
        self._maps = {name: name if name in backbone.maps else backbone.last.name for name in self.layers}

    def __call__(self, images: Sequence[Image]) -> Floats:
        """Return the vectors of images, float32 (N, D): those of the layers side by side.

        Raises:
            InputError: If an image is no uint8 (H, W, 3) array.
        """
        if not len(images):
            return self([np.zeros((1, 1, 3), np.uint8)])[:0]
        for number, image in enumerate(images):
            check_image(image, number)
        return normalised(np.stack([np.concatenate(list(self.vectors(image).values())) for image in images]))

    def vectors(self, image: Image) -> dict[str, Floats]:
        """Return the vector of each layer, float32 (D,) and l2-normalised, in one pass of the conv layers."""
        seen = _seen(image, self.framing, self.scale)
        vectors = self._vectors(seen)
        if self.mirrored:
            others = self._vectors(np.ascontiguousarray(seen[:, ::-1]))
            vectors = {name: normalised(vector + others[name]) for name, vector in vectors.items()}
        return vectors

    def _vectors(self, seen: Image) -> dict[str, Floats]:
        maps = self.backbone.maps_of(seen, self.scale, tuple(self._maps.values()))
        return {name: normalised(self._pooled(name, torch.as_tensor(maps[of]))) for name, of in self._maps.items()}

    def key(self, layer: str) -> str:
        """Return a key of all that the vectors of a layer depend on beside the image, to cache them under."""
        return content_key(
            self._fingerprint, repr((layer, self.scale, self.framing, self.mirrored, self._pyramid.levels))
        )

    @cached_property
    def _fingerprint(self) -> str:
        classifier = [tensor.float().cpu().numpy() for tensor in _score_layer(self.backbone) or ()]
        return content_key(self.backbone.fingerprint(), *classifier)

    def _pooled(self, layer: str, map: torch.Tensor) -> Floats:
        """Return the vector of a layer, not normalised."""
        scores = _score_layer(self.backbone)
        if layer == "mean":
            vector = map.mean((2, 3))
        elif layer == "fc" and scores:
            weight, bias = (tensor.to(map) for tensor in scores)
            vector = nn.functional.conv2d(map, weight, bias).relu().mean((2, 3))
        else:
            vector = (self._finest if layer == "pool" else self._pyramid)(map)
        return np.asarray(vector[0].cpu().numpy(), np.float32)


def layer_names(backbone: Backbone) -> tuple[str, ...]:
    """Return the names that `ImageFeatures` knows: a backbone's maps, then what is made of its last one."""
    return *backbone.maps, "pool", "spp", "mean", *(("fc",) if _score_layer(backbone) else ())


def normalised(vectors: Floats) -> Floats:
    """Return vectors (..., D) divided by their lengths; those of length 0 stay what they are."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)


def _score_layer(backbone: Backbone) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Return weight (D, C, 1, 1) and bias (D,) of the convolution that follows the last map, if there is one."""
    weight, bias = (backbone.fully_connected.get(f"classifier.1.{name}") for name in ("weight", "bias"))
    if weight is None or bias is None or weight.shape != (len(bias), backbone.last.channels, 1, 1):
        return None
    return weight, bias


def _seen(image: Image, framing: Framing, scale: int) -> Image:
    """Return what a framing shows of an image; the backbone resizes it, if need be, to a short side of `scale`."""
    height, width = image.shape[:2]
    if framing == "crop":
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        return np.ascontiguousarray(image[top : top + side, left : left + side])
    if framing == "warp":
        return np.asarray(cv2.resize(image, (scale, scale), interpolation=cv2.INTER_LINEAR), np.uint8)
    return image
