"""Tests of batch normalisation for training: where it is, and that folding it away changes no map."""

import pytest
import torch
from torch import nn

from sppnet.detector.backbone.networks.normalisation import NormalisedConvolution, folded, normalised, unfolded
from sppnet.detector.backbone.networks.table import network_of
from sppnet.detector.backbone.weights import load_backbone

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


def test_layers_of_efficientnet_give_the_same_map_with_their_normalisation_apart() -> None:
    _, layers = load_backbone("efficientnet_lite0").split("stage4")
    apart = unfolded(layers)
    map = torch.rand(1, 112, 13, 17, generator=torch.Generator().manual_seed(0))

    with torch.inference_mode():
        expected = layers(map.clone())
        torch.testing.assert_close(apart(map.clone()), expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))
    assert count(apart, NormalisedConvolution) == count(layers, nn.Conv2d) == 15
    assert folded(apart).state_dict().keys() == layers.state_dict().keys()
    for name, tensor in folded(apart).state_dict().items():
        torch.testing.assert_close(tensor, layers.state_dict()[name], rtol=1e-4, atol=1e-5)


def test_convolutions_apart_have_the_sizes_that_the_release_learned_with() -> None:
    _, layers = load_backbone("efficientnet_lite0").split("stage4")

    def sizes(layers: nn.Module) -> list[float]:
        return [
            float(layer.weight.square().mean().sqrt()) for layer in layers.modules() if isinstance(layer, nn.Conv2d)
        ]

    assert max(sizes(layers)) / min(sizes(layers)) > 30
    assert max(sizes(unfolded(layers))) / min(sizes(unfolded(layers))) < 3


def test_convolutions_apart_pass_the_gradients_of_torchs_batch_normalisation() -> None:
    layers = trained("small")
    twin = normalised(network_of("small").build())
    twin.load_state_dict(layers.state_dict())
    for layer in twin.modules():  # statistics stay, but the way of the class for learning ones is taken
        layer.training = isinstance(layer, NormalisedConvolution)

    layers(pixels()).square().mean().backward()
    twin(pixels()).square().mean().backward()

    for (name, got), wanted in zip(layers.named_parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(got.grad, wanted.grad, rtol=1e-3, atol=1e-4, msg=name)


def test_layers_that_came_without_normalisation_stay_as_they_are() -> None:
    layers = folded(trained("small"))

    assert count(unfolded(layers), NormalisedConvolution) == 0
