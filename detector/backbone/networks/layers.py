"""Layers of our own: ZF-5 (Zeiler and Fergus 2014), and a small backbone cheaper than all others.

The small one is of bottlenecks (He et al. 2016) behind a stem like SqueezeNet's.
"""

import torch
from torch import nn

from ..conv_layers import Map
from ..maps import describe_maps
from .table import network_of


class Bottleneck(nn.Module):
    """Adds to a map what three convolutions make of it: to fewer channels, 3x3 among these, and back (He et al. 2016).

    Args:
        channels: Of the map.
        inner: Of the 3x3 convolution.
    """

    def __init__(self, channels: int, inner: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Conv2d(channels, inner, 1), nn.ReLU(inplace=True)),
            *(nn.Conv2d(inner, inner, 3, 1, 1), nn.ReLU(inplace=True)),
            nn.Conv2d(inner, channels, 1),
        )

    def forward(self, map: torch.Tensor) -> torch.Tensor:
        """Return the map (B, C, h, w) with the convolutions' map added, after a ReLU."""
        return torch.relu_(map + self.layers(map))


def declared_maps(name: str) -> dict[str, Map]:
    """Return the maps of a backbone, whatever its weights, the shallowest first; see `network_of`."""
    network = network_of(name)
    return describe_maps(network.build(), network.maps)


def random_layers(name: str, seed: int) -> nn.Sequential:
    """Return the layers of a backbone with random weights; see `network_of`."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return initialised(network_of(name).build())


def initialised(layers: nn.Sequential) -> nn.Sequential:
    """Draw weights for convolutions with ReLUs after them (He et al. 2015b), in place, and return the layers."""
    for layer in layers.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return layers


def zf5() -> nn.Sequential:
    """Return ZF-5 with the paddings of the SPP-net release."""
    return nn.Sequential(
        *(nn.Conv2d(3, 96, 7, 2, 1), nn.ReLU(), nn.LocalResponseNorm(3, 5e-5), nn.MaxPool2d(3, 2, ceil_mode=True)),
        *(nn.Conv2d(96, 256, 5, 2), nn.ReLU(), nn.LocalResponseNorm(3, 5e-5), nn.MaxPool2d(3, 2, ceil_mode=True)),
        *(nn.Conv2d(256, 384, 3, 1, 1), nn.ReLU()),
        *(nn.Conv2d(384, 384, 3, 1, 1), nn.ReLU()),
        *(nn.Conv2d(384, 256, 3, 1, 1), nn.ReLU()),
    )


def small() -> nn.Sequential:
    """Return the small backbone: 1.4 billion multiplications at 600 x 800 pixels, half of SqueezeNet's.

    Its cells lie where SqueezeNet's do, so that the one can learn the other's maps.
    """
    return nn.Sequential(
        *(nn.Conv2d(3, 24, 3, 2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, ceil_mode=True)),
        *(nn.Conv2d(24, 48, 3, 1, 1), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, ceil_mode=True)),
        *(nn.Conv2d(48, 96, 3, 1, 1), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, ceil_mode=True)),
        *(nn.Conv2d(96, 256, 1), nn.ReLU(inplace=True)),
        *(Bottleneck(256, 64) for _ in range(5)),
    )
