"""Tests of images that a device works on together, against each of them by itself on the CPU."""

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from sppnet.detector.backbone.backbone import Backbone
from sppnet.detector.pooling.batches import LARGEST_BATCH, images_at_once, window_products
from sppnet.detector.pooling.features import WindowFeatures
from sppnet.detector.pooling.head import Head
from sppnet.detector.pooling.settings import CONTEXT, View
from sppnet.detector.timing import DeviceStopwatch

SIZE = (120, 160)
IMAGES = list(np.random.default_rng(0).integers(0, 256, (3, *SIZE, 3)).astype(np.uint8))


def some_windows(count: int) -> npt.NDArray[np.float32]:
    random = np.random.default_rng(count)
    corners = random.integers(0, 100, (count, 2))
    return np.hstack([corners, np.minimum(corners + random.integers(5, 60, (count, 2)), SIZE[::-1])]).astype(np.float32)


WINDOWS = [some_windows(20), some_windows(0), some_windows(33)]


def there(features: WindowFeatures) -> WindowFeatures:
    """Return the features on the CPU by another name, which takes the path of a GPU."""
    backbone = features.backbone
    assert isinstance(backbone, Backbone)
    depths = {name: map.depth for name, map in backbone.maps.items()}
    moved = Backbone("tiny", copy.deepcopy(backbone.layers), backbone.preprocessing, maps=depths, device="cpu:0")
    return replace(features, backbone=moved)


def products(features: WindowFeatures, weights: npt.NDArray[np.float32], **options: int) -> npt.NDArray[np.float32]:
    with torch.inference_mode():
        columns, clock = torch.from_numpy(weights).T, DeviceStopwatch("cpu:0")
        found: npt.NDArray[np.float32] = window_products(
            there(features), IMAGES, WINDOWS, columns, clock, **options
        ).numpy()
        return found


def check(features: WindowFeatures, **options: int) -> None:
    """Check products with random weights against the CPU's margins, zero where an image has no more windows."""
    weights = np.random.default_rng(3).normal(size=(4, features.dimensions)).astype(np.float32)

    found = products(features, weights, **options)

    expected = np.zeros((3, 33, 4), np.float32)
    for own, image, windows in zip(expected, IMAGES, WINDOWS, strict=True):
        own[: len(windows)] = features.vectors(image, windows).margins(weights, np.zeros(4, np.float32))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize(
    "settings",
    [{}, {"scales": (96, 240, 480)}, {"views": (View(), *CONTEXT, View((1, 2), map="conv1"))}, {"power": 0.5}],
    ids=["one scale", "several scales", "two maps and context", "power"],
)
@pytest.mark.parametrize("block_bytes", [1 << 28, 5 * 4 * 8 * 50], ids=["one block", "several blocks"])
def test_products_are_the_margins_of_each_image_on_the_cpu(
    tiny_features: WindowFeatures, settings: dict[str, Any], block_bytes: int
) -> None:
    check(replace(tiny_features, pooling=replace(tiny_features.pooling, **settings)), block_bytes=block_bytes)


def test_fully_connected_layers_come_between(tiny_features: WindowFeatures) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        head = Head(tiny_features.dimensions, 3, (20,)).eval().requires_grad_(False)

    check(replace(tiny_features, head=head, layer="fc6"))


def test_fewer_large_images_are_worked_on_at_once(tiny_features: WindowFeatures) -> None:
    features = replace(tiny_features, pooling=replace(tiny_features.pooling, scales=(600,)))
    several = features.at((480, 1200))
    huge = features.at((2400,))

    assert images_at_once(features, (375, 500)) == 8
    assert images_at_once(several, (375, 500)) == 2
    assert images_at_once(huge, (2400, 2400)) == 1
    assert images_at_once(tiny_features, (96, 96)) == LARGEST_BATCH
