"""Tests of pixels prepared on a device against those that the CPU prepares."""

import numpy as np
import pytest
import torch

from sppnet.detector.backbone.conv_layers import padded
from sppnet.detector.backbone.on_device import moved, prepared
from sppnet.detector.backbone.preprocessing import PREPROCESSINGS

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 7, 9, 3)).astype(np.uint8)


@pytest.mark.parametrize("name", PREPROCESSINGS)
def test_pixels_are_those_of_the_cpu_to_the_last_bit(name: str) -> None:
    found = prepared(moved(IMAGES, torch.device("cpu")), PREPROCESSINGS[name])

    np.testing.assert_array_equal(found, np.concatenate([PREPROCESSINGS[name](image) for image in IMAGES]))
    assert found.is_contiguous(memory_format=torch.channels_last)


def test_small_images_are_padded_as_on_the_cpu() -> None:
    found = prepared(torch.from_numpy(IMAGES[:1]), PREPROCESSINGS["caffe"], least_side=8)

    np.testing.assert_array_equal(found, padded(PREPROCESSINGS["caffe"](IMAGES[0]), 8))


def test_the_images_stay_as_they_are() -> None:
    images = torch.from_numpy(IMAGES.copy())

    prepared(images, PREPROCESSINGS["torchvision"])

    np.testing.assert_array_equal(images, IMAGES)
