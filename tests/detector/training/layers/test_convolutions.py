"""Tests of the quick convolutions of training against torch's own."""

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn

from sppnet.detector.training.layers.convolutions import QuickConvolutions, depthwise_gradient

LAYERS = pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(6, 10, 1),
        nn.Conv2d(6, 10, 1, bias=False),
        nn.Conv2d(6, 6, 5, 1, 2, groups=6),
        nn.Conv2d(6, 6, 5, 2, 2, groups=6),
        nn.Conv2d(6, 6, 7, 2, 1, groups=6),
        nn.Conv2d(6, 6, 3, 1, 1, groups=6),
        nn.Conv2d(6, 6, (5, 3), 1, 1, groups=6),
        nn.Conv2d(6, 6, 5, 1, 4, dilation=2, groups=6),
        nn.Conv2d(6, 6, 5, padding="same", groups=6),
        nn.Conv2d(6, 8, 1, 2),
        nn.Conv2d(6, 9, 3, 1, 1),
    ],
    ids=str,
)


def with_gradients(layer: nn.Module, map: torch.Tensor) -> list[torch.Tensor]:
    """Return what a layer makes of a map, and the gradients of the map and of all weights."""
    map = map.clone(memory_format=torch.channels_last).requires_grad_(True)
    after = layer(map)
    torch.manual_seed(1)
    gradients = torch.autograd.grad(after, [map, *layer.parameters()], torch.randn(after.shape))
    return [after.detach(), *gradients]


@LAYERS
@pytest.mark.parametrize("size", [(9, 13), (8, 8), (7, 6)])
def test_values_and_gradients_are_torchs(layer: nn.Module, size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    map = torch.randn(1, 6, *size)
    wanted = with_gradients(layer, map)

    with QuickConvolutions():
        found = with_gradients(layer, map)

    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)


def test_a_relu_in_place_after_a_pointwise_convolution_gives_the_same() -> None:
    layers = nn.Sequential(nn.Conv2d(6, 10, 1), nn.ReLU6(inplace=True), nn.Conv2d(10, 4, 1), nn.ReLU(inplace=True))
    map = torch.randn(1, 6, 9, 13)
    wanted = with_gradients(layers, map)

    with QuickConvolutions():
        found = with_gradients(layers, map)

    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)


def test_several_images_are_convolved_as_ever() -> None:
    layer, maps = nn.Conv2d(6, 10, 1), torch.randn(3, 6, 9, 13)
    wanted = with_gradients(layer, maps)

    with QuickConvolutions():
        found = with_gradients(layer, maps)

    assert all(torch.equal(one, other) for one, other in zip(found, wanted, strict=True))


def test_a_map_without_gradient_gets_none() -> None:
    layers = nn.Sequential(nn.Conv2d(6, 10, 1), nn.Conv2d(10, 10, 5, 1, 2, groups=10))
    map = torch.randn(1, 6, 9, 13)

    with QuickConvolutions():
        layers(map).sum().backward()

    assert all(parameter.grad is not None for parameter in layers.parameters())


def reference(
    map: npt.NDArray[np.float32], gradient: npt.NDArray[np.float32], kernel: int, stride: int, padding: int
) -> npt.NDArray[np.float64]:
    """Return the gradient of a depthwise convolution's weights, a place at a time."""
    padded = np.pad(map.astype(np.float64), ((padding, padding), (padding, padding), (0, 0)))
    sums = np.zeros((kernel, kernel, map.shape[2]))
    for y, x in np.ndindex(gradient.shape[:2]):
        sums += gradient[y, x] * padded[y * stride : y * stride + kernel, x * stride : x * stride + kernel]
    return sums


@pytest.mark.parametrize("channels", [1, 63, 64, 130])
def test_sums_of_blocks_of_channels_are_the_plain_ones(channels: int) -> None:
    random = np.random.default_rng(0)
    map = random.normal(size=(7, 8, channels)).astype(np.float32)
    gradient = random.normal(size=(4, 4, channels)).astype(np.float32)

    sums = depthwise_gradient(map, gradient, kernel=5, stride=2, padding=2)

    np.testing.assert_allclose(sums, reference(map, gradient, 5, 2, 2), rtol=1e-4, atol=1e-5)
