"""Tests of the table of backbones."""

import pytest

from sppnet.detector.backbone.networks.table import BACKBONES, network_of
from sppnet.detector.errors import InputError


def test_an_unknown_backbone_is_named() -> None:
    with pytest.raises(InputError, match="there is no backbone 'vgg'; there are efficientnet_lite0"):
        network_of("vgg")


@pytest.mark.parametrize("name", BACKBONES)
def test_maps_are_declared_in_order_up_to_the_last_layer_with_the_stem_among_them(name: str) -> None:
    network = network_of(name)

    depths = list(network.maps.values())
    assert depths == sorted(set(depths)) and depths[-1] == len(network.build())
    assert network.stem in network.maps
