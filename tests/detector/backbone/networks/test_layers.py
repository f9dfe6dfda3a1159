"""Tests of layers of our own: the bottleneck, the cost of the small backbone, random weights."""

import torch
from torch.utils.flop_counter import FlopCounterMode

from sppnet.detector.backbone.networks.layers import Bottleneck, random_layers
from sppnet.detector.backbone.networks.table import network_of


def multiplications(name: str) -> float:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
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
