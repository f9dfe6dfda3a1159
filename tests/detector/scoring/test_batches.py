"""Tests of images of several sizes on a device, against each by itself on the CPU."""

import numpy as np
import pytest

from sppnet.detector.backbone.backbone import Backbone
from sppnet.detector.pooling.features import Features, WindowFeatures
from sppnet.detector.rcnn import WarpedFeatures
from sppnet.detector.scoring.batches import detect_together
from sppnet.detector.scoring.calibration import Calibration
from sppnet.detector.scoring.detection import WindowScorer
from sppnet.detector.scoring.device import DeviceScorer
from tests.conftest import windows_near
from tests.detector.pooling.test_batches import there

SIZES = [(96, 128), (120, 90), (96, 128), (96, 128)]
IMAGES = [np.random.default_rng(n).integers(0, 256, (*size, 3)).astype(np.uint8) for n, size in enumerate(SIZES)]
WINDOWS = [windows_near(number)[: 10 * number + 5] for number in range(4)]


def scorer_of(dimensions: int) -> WindowScorer:
    random = np.random.default_rng(0)
    weights = random.normal(size=(2, dimensions)).astype(np.float32)
    offsets = (0.01 * random.normal(size=(2, 4, dimensions))).astype(np.float32)
    return WindowScorer(weights, np.zeros(2, np.float32), offsets, np.zeros((2, 4), np.float32), Calibration())


@pytest.mark.parametrize("kind", ["SPP-net", "R-CNN"])
def test_detections_come_in_the_order_of_the_images(
    tiny_features: WindowFeatures, tiny_backbone: Backbone, kind: str
) -> None:
    moved = there(tiny_features)
    kinds: dict[str, tuple[Features, Features]] = {
        "SPP-net": (tiny_features, moved),
        "R-CNN": (WarpedFeatures(tiny_backbone), WarpedFeatures(moved.backbone)),
    }
    here, features = kinds[kind]
    scorer = scorer_of(here.dimensions)

    found = detect_together(features, DeviceScorer(scorer, "cpu:0"), IMAGES, WINDOWS)

    for own, image, windows in zip(found, IMAGES, WINDOWS, strict=True):
        expected = scorer.detect(here.vectors(image, windows), windows, image.shape)
        np.testing.assert_array_equal(own["labels"], expected["labels"])
        np.testing.assert_allclose(own["margins"], expected["margins"], rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(own["boxes"], expected["boxes"], atol=0.1)
        assert {"conv", "pooling", "scores", "suppression", "copy"} <= own["milliseconds"].keys()
