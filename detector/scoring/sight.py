"""An image as a fitted model sees it: at the scales, and with the mirror image, that inference asks for."""

import numpy as np

from ..pooling.features import Features
from ..pooling.vectors import Maps, Vectors
from ..timing import Stopwatch
from ..types import Floats, Image
from .detection import Opinion, WindowScorer
from .inference import Inference


class Sight:
    """What a model makes of any windows of one image; maps are kept, so that windows can be looked at again.

    Args:
        features: How windows become vectors.
        scorer: How vectors become detections.
        image: uint8 (H, W, 3).
        inference: At which scales, and whether the mirror image counts.
        clock: Counts the time of the stages.

    Raises:
        InputError: If scales are given and the features have none.
    """

    def __init__(
        self, features: Features, scorer: WindowScorer, image: Image, inference: Inference, clock: Stopwatch
    ) -> None:
        features = features.at(inference.scales) if inference.scales else features
        self._scorer, self._width, self._clock = scorer, image.shape[1], clock
        self._image = _Mapped(features, image)
        self._mirror = _Mapped(features, np.ascontiguousarray(image[:, ::-1])) if inference.mirror else None

    def opinion(self, windows: Floats) -> Opinion:
        """Return what the model makes of windows, float32 (N, 4)."""
        vectors = [self._image.vectors(windows, self._clock)]
        if self._mirror is not None:
            vectors.append(self._mirror.vectors(mirrored(windows, self._width), self._clock))
        return self._scorer.opinion(*vectors, clock=self._clock)


def mirrored(windows: Floats, width: int) -> Floats:
    """Return where windows, float32 (N, 4), are in the mirror image of an image of that width."""
    left, top, right, bottom = windows.T
    return np.stack([width - right, top, width - left, bottom], axis=1)


class _Mapped:
    """An image with the maps that have been made of it, which are those of the scales that windows have used."""

    def __init__(self, features: Features, image: Image) -> None:
        self._features, self._image = features, image
        self._maps: Maps = {}

    def vectors(self, windows: Floats, clock: Stopwatch) -> Vectors:
        """Return the vectors of windows, float32 (N, 4), after convolving at the scales that are new."""
        features, size = self._features, (self._image.shape[0], self._image.shape[1])
        if features.per_window:
            return features.vectors(self._image, windows, clock)
        scales = features.scales_of(windows, size)
        lacking = [scale for scale in np.unique(scales).tolist() if features.names([scale])[0] not in self._maps]
        self._maps = {**self._maps, **features.maps(self._image, lacking, windows, clock)}
        return features.project(self._maps, windows, scales, size)
