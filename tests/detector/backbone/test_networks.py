"""Tests of the layers of the backbones: the bottleneck, the cost of the small one, random weights."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from sppnet.detector.backbone.networks import BACKBONES, Bottleneck, network_of, random_layers
from sppnet.detector.errors import InputError


def multiplications(name: str) -> float:
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network_of(name).build()(torch.zeros(1, 3, 120, 160))
    return int(counter.get_total_flops()) / 2


def test_a_bottleneck_whose_convolutions_give_nothing_is_a_relu() -> None:
    block = Bottleneck(4, 2).requires_grad_(False)
    for parameter in block.parameters():
        parameter.zero_()
    map = torch.randn(2, 4, 3, 5, generator=torch.Generator().manual_seed(0))

    assert torch.equal(block(map), map.relu())


def test_a_bottleneck_leaves_the_map_it_is_given() -> None:
    map = torch.randn(1, 4, 3, 3, generator=torch.Generator().manual_seed(0))
    before = map.clone()

    Bottleneck(4, 2)(map)

    assert torch.equal(map, before)


def test_the_small_backbone_costs_about_half_of_squeezenet() -> None:
    assert 0.4 < multiplications("small") / multiplications("squeezenet1_1") < 0.55


def test_random_weights_leave_the_generator_of_the_process_alone() -> None:
    before = torch.get_rng_state()

    random_layers("small", 3)

    assert torch.equal(torch.get_rng_state(), before)


def test_an_unknown_backbone_is_named() -> None:
    with pytest.raises(InputError, match="there is no backbone 'vgg'; there are efficientnet_lite0"):
        network_of("vgg")


@pytest.mark.parametrize("name", BACKBONES)
def test_maps_are_declared_in_order_up_to_the_last_layer_with_the_stem_among_them(name: str) -> None:
    network = network_of(name)

    depths = list(network.maps.values())
    assert depths == sorted(set(depths)) and depths[-1] == len(network.build())
    assert network.stem in network.maps
