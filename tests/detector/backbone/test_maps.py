"""Tests of maps: where cells lie, proved pixel by pixel, and that wrong geometry cannot pass."""

import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from sppnet.detector.backbone.conv_layers import Map
from sppnet.detector.backbone.maps import Cells, cells_after, describe_maps, least_side
from sppnet.detector.backbone.networks.layers import random_layers
from sppnet.detector.backbone.networks.table import BACKBONES, network_of
from sppnet.detector.errors import InputError


def resnet18() -> nn.Sequential:
    return nn.Sequential(*list(torchvision.models.resnet18(weights=None).children())[:8])


# Name -> layers with random weights, maps, and the layer's pixels of the last cell worked out by hand.
OTHERS = {
    "resnet18": (resnet18, {"C4": 7, "C5": 8}),
    "mobilenet_v2": (lambda: torchvision.models.mobilenet_v2(weights=None).features, {"C4": 14, "C5": 18}),
    "efficientnet_b0": (lambda: torchvision.models.efficientnet_b0(weights=None).features, {"C4": 6, "C5": 8}),
}


def layers_of(name: str) -> tuple[nn.Sequential, dict[str, int]]:
    torch.manual_seed(0)
    if name in BACKBONES:
        return random_layers(name, 0).eval(), dict(network_of(name).maps)
    build, maps = OTHERS[name]
    return build().eval(), maps


def without_gates(layers: nn.Sequential) -> nn.Sequential:
    """Fix what squeeze-and-excitation makes of the whole image, which every pixel reaches."""
    for layer in layers.modules():
        if isinstance(layer, torchvision.ops.SqueezeExcitation):
            layer.avgpool = Constant()
    return layers


class Constant(nn.Module):
    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return torch.ones_like(maps[..., :1, :1])


def seen_pixels(layers: nn.Sequential, cell: int, side: int) -> tuple[int, int]:
    """Return the first and the last column whose change moves a column of cells, in a low image."""
    pixels = torch.rand(1, 3, 64, side, generator=torch.Generator().manual_seed(0)).double().requires_grad_()
    layers.double()(pixels)[0, :, :, cell].sum().backward()
    assert pixels.grad is not None
    columns = torch.nonzero(pixels.grad.abs().amax(dim=(0, 1, 2))).flatten()
    return int(columns[0]), int(columns[-1])


@pytest.mark.parametrize("name", [*BACKBONES, *OTHERS])
def test_cells_see_the_pixels_that_matter_to_them(name: str) -> None:
    layers, maps = layers_of(name)
    *_, last = describe_maps(layers, maps).values()
    reach = last.receptive_field // 2
    cell = -(-reach // last.stride)
    centre = int(last.first_centre) + cell * last.stride

    seen = seen_pixels(without_gates(layers[: last.depth]), cell, centre + reach + 1)

    assert seen == (centre - reach, centre + reach)


@pytest.mark.parametrize(
    ("name", "described"),
    [
        ("resnet18", {"C4": (16, 0, 211, 256), "C5": (32, 0, 435, 512)}),
        ("mobilenet_v2", {"C4": (16, 0, 267, 96), "C5": (32, 0, 491, 320)}),
        ("efficientnet_b0", {"C4": (16, 0, 339, 112), "C5": (32, 0, 851, 320)}),
    ],
)
def test_maps_of_other_networks_are_those_worked_out_by_hand(
    name: str, described: dict[str, tuple[int, int, int, int]]
) -> None:
    maps = describe_maps(*layers_of(name))

    found = {key: (map.stride, map.first_centre, map.receptive_field, map.channels) for key, map in maps.items()}
    assert found == described


@pytest.mark.parametrize(
    ("layer", "cells"),
    [
        (nn.Conv2d(3, 1, 5, stride=2, padding=1), Cells(2, -1, 3)),
        (nn.Conv2d(3, 1, 3, dilation=4), Cells(1, 0, 8)),
        (nn.Conv2d(3, 1, 4, padding="same"), Cells(1, -1, 2)),
        (nn.Conv2d(3, 1, 3, padding="valid"), Cells(1, 0, 2)),
        (nn.AvgPool2d(2), Cells(2, 0, 1)),
        (nn.MaxPool2d(3, 2, 1, ceil_mode=True), Cells(2, -1, 1)),
        (nn.Sequential(nn.Conv2d(3, 1, 3, 2), nn.ReLU(), nn.Conv2d(1, 1, 3, 2)), Cells(4, 0, 6)),
    ],
)
def test_a_layer_moves_cells_by_its_kernel_stride_padding_and_dilation(layer: nn.Module, cells: Cells) -> None:
    assert cells_after(layer) == cells


class Branches(nn.Module):
    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return torch.cat([branch(maps) for branch in self.branches], dim=1)


def test_branches_see_what_any_of_them_sees() -> None:
    assert cells_after(Branches(nn.Conv2d(3, 1, 1), nn.Conv2d(3, 1, 3, padding=1))) == Cells(1, -1, 1)


def test_branches_of_different_strides_are_refused() -> None:
    with pytest.raises(InputError, match=r"Branches: branches disagree in stride: \[1, 2\]"):
        cells_after(Branches(nn.Conv2d(3, 1, 1), nn.Conv2d(3, 1, 1, 2)))


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (nn.Conv2d(3, 1, (3, 5)), "the kernel_size must be the same along both sides"),
        (nn.AdaptiveAvgPool2d(1), "pools the whole image, so that no cells are left"),
    ],
)
def test_layers_that_have_no_such_cells_are_refused(layer: nn.Module, message: str) -> None:
    with pytest.raises(InputError, match=message):
        cells_after(layer)


class Shifted(nn.Module):
    """Moves a map by a cell, which none of its layers tells."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return torch.roll(maps, 1, dims=3)


class Enlarged(nn.Module):
    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return nn.functional.interpolate(maps, scale_factor=2)


@pytest.mark.parametrize("layer", [Shifted(), Enlarged(), nn.Upsample(scale_factor=2)])
def test_the_probe_finds_out_layers_that_do_what_they_do_not_tell(layer: nn.Module) -> None:
    with pytest.raises(InputError, match="map 'last': its cells do not see the pixels that the layers' sizes tell"):
        describe_maps(nn.Sequential(nn.Conv2d(3, 2, 3), layer), {"last": 2})


class Deciding(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 3, 1)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        return self.layer(maps) if maps.sum() > 0 else maps


def test_a_module_that_looks_at_values_is_named() -> None:
    with pytest.raises(InputError, match="Deciding: cannot be followed layer by layer"):
        cells_after(Deciding())


def test_maps_are_described_in_the_order_of_their_depth() -> None:
    layers = nn.Sequential(nn.Conv2d(3, 4, 3, 2), nn.ReLU(), nn.Conv2d(4, 6, 1))

    maps = describe_maps(layers, {"last": 3, "first": 2})

    assert list(maps.values()) == [Map("first", 2, 2, 1.0, 3, 4), Map("last", 3, 2, 1.0, 3, 6)]


def test_layers_are_left_as_they_are() -> None:
    layers = random_layers("small", 0)
    before = {name: tensor.clone() for name, tensor in layers.state_dict().items()}

    describe_maps(layers, network_of("small").maps)

    assert all(np.array_equal(tensor, before[name]) for name, tensor in layers.state_dict().items())


@pytest.mark.parametrize(("name", "side"), [("squeezenet1_1", 17), ("alexnet", 31), ("zf5", 31), ("resnet18", 1)])
def test_the_least_side_is_found(name: str, side: int) -> None:
    layers, _ = layers_of(name)

    assert least_side(layers, 500) == side
