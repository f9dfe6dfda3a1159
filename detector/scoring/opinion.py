"""An image as a fitted model sees it: at the scales, and with the mirror image, that inference asks for."""

import numpy as np

from ..pooling.features import Features
from ..timing import Stopwatch
from ..types import Floats, Image
from .boxes import mirrored
from .detection import Opinion, WindowScorer
from .inference import Inference


def opinion_of(
    features: Features,
    scorer: WindowScorer,
    image: Image,
    windows: Floats,
    *,
    inference: Inference,
    clock: Stopwatch | None = None,
) -> Opinion:
    """Return what a model makes of an image's windows.

    Args:
        features: How the model makes vectors of windows.
        scorer: How it makes detections of vectors.
        image: uint8 (H, W, 3).
        windows: float32 (N, 4).
        inference: At which scales the image is seen, and whether its mirror image is, too.
        clock: Counts the time of the stages.

    Raises:
        InputError: If scales are given and the features have none to choose.
    """
    features = features.at(inference.scales) if inference.scales else features
    vectors = [features.vectors(image, windows, clock)]
    if inference.mirror:
        mirror = np.ascontiguousarray(image[:, ::-1])
        vectors.append(features.vectors(mirror, mirrored(windows, image.shape[1]), clock))
    return scorer.opinion(*vectors, clock=clock)
