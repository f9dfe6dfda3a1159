"""Tests of conv layers in onnxruntime: the maps of torch, up to rounding, of every backbone at odd sizes."""

import numpy as np
import pytest
import torch
from torch import nn

from sppnet.detector.backbone.engines.onnx_engine import OnnxEngine
from sppnet.detector.backbone.engines.torch_engine import TorchEngine
from sppnet.detector.backbone.engines.tracing import onnx_engine_of
from sppnet.detector.backbone.networks.layers import random_layers
from sppnet.detector.backbone.networks.table import BACKBONES, network_of
from sppnet.detector.threads import conv_threads
from sppnet.detector.types import Floats

TOLERANCE = 1e-4  # of the largest value of a map


def engine_of(layers: nn.Sequential) -> OnnxEngine:
    return onnx_engine_of(layers, "float32", "cpu")


def noise(*shape: int) -> Floats:
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("size", [(97, 131), (64, 65)])
@pytest.mark.parametrize("name", BACKBONES)
def test_maps_are_those_of_torch_at_odd_sizes(name: str, size: tuple[int, int]) -> None:
    layers, depths = random_layers(name, 0).eval(), list(network_of(name).maps.values())
    pixels = noise(2, 3, *size)

    found = [np.asarray(map) for map in engine_of(layers)(pixels, depths)]
    expected = [np.asarray(map) for map in TorchEngine(layers, "float32", "cpu")(pixels, depths)]

    assert [map.shape for map in found] == [map.shape for map in expected]
    assert all(np.abs(a - b).max() <= TOLERANCE * np.abs(b).max() for a, b in zip(found, expected, strict=True))


def test_sizes_threads_and_choices_of_maps_may_change() -> None:
    layers = random_layers("small", 0).eval().requires_grad_(False)
    engine, small, large = engine_of(layers), noise(1, 3, 40, 40), noise(1, 3, 90, 90)

    with conv_threads(1):
        one = engine(small, [2])[0]
    two = engine(large, [2, 16])[1]

    np.testing.assert_allclose(one, layers[:2](torch.from_numpy(small)), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(two, layers(torch.from_numpy(large)), rtol=1e-3, atol=1e-3)


def test_the_pixels_themselves_are_the_map_of_no_layers() -> None:
    pixels = noise(1, 3, 20, 20)

    np.testing.assert_array_equal(engine_of(random_layers("small", 0))(pixels, [0, 2])[0], pixels)


def test_maps_lie_in_memory_as_the_pooling_reads_them() -> None:
    [map] = engine_of(random_layers("small", 0))(noise(1, 3, 40, 40), [16])

    assert np.asarray(map).transpose(0, 2, 3, 1).flags.c_contiguous


def test_memory_is_not_planned_for_every_size_of_images() -> None:
    engine = engine_of(random_layers("small", 0))

    assert not engine._session((2,)).get_session_options().enable_mem_pattern
