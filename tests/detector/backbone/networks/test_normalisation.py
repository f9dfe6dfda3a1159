"""Tests of batch normalisation for training: where it is, and that folding it away changes no map."""

import pytest
import torch
from torch import nn

from sppnet.detector.backbone.networks.normalisation import folded, normalised
from sppnet.detector.backbone.networks.table import network_of

NAMES = pytest.mark.parametrize("name", ["small", "squeezenet1_1"])


def pixels() -> torch.Tensor:
    return torch.randn(2, 3, 96, 80, generator=torch.Generator().manual_seed(0))


def trained(name: str) -> nn.Sequential:
    """Return normalised layers with statistics, scales and shifts that are not those of a new normalisation."""
    layers = normalised(network_of(name).build())
    with torch.no_grad():
        layers(pixels() + 1)
        for parameter in layers.parameters():
            parameter.add_(0.05)
    return layers.eval()


def count(layers: nn.Module, kind: type[nn.Module]) -> int:
    return sum(isinstance(layer, kind) for layer in layers.modules())


@NAMES
def test_every_convolution_is_normalised_once(name: str) -> None:
    layers = normalised(network_of(name).build())

    assert count(layers, nn.BatchNorm2d) == count(layers, nn.Conv2d) == count(network_of(name).build(), nn.Conv2d)
    assert layers.training


@NAMES
def test_folded_layers_give_the_same_map(name: str) -> None:
    layers = trained(name)

    with torch.inference_mode():
        expected = layers(pixels())
        torch.testing.assert_close(folded(layers)(pixels()), expected, rtol=1e-4, atol=1e-4 * float(expected.max()))


@NAMES
def test_folded_layers_have_the_names_and_shapes_of_the_backbone(name: str) -> None:
    tensors = folded(trained(name)).state_dict()

    expected = {key: tensor.shape for key, tensor in network_of(name).build().state_dict().items()}
    assert {key: tensor.shape for key, tensor in tensors.items()} == expected


def test_layers_without_normalisation_are_folded_into_themselves() -> None:
    layers = folded(trained("small"))

    again = folded(layers)

    assert all(torch.equal(tensor, layers.state_dict()[name]) for name, tensor in again.state_dict().items())


def test_the_layers_given_are_left_alone() -> None:
    layers = normalised(network_of("small").build())

    folded(layers)

    assert layers.training and count(layers, nn.BatchNorm2d) > 0


def test_random_weights_depend_on_the_seed_alone() -> None:
    one, again, other = (
        normalised(network_of("small").build(), seed=seed).state_dict()["0.0.weight"] for seed in (0, 0, 1)
    )

    assert torch.equal(one, again) and not torch.equal(one, other)
