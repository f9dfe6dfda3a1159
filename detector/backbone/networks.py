"""The layers of the backbones, cut after the last ReLU of the conv part, without weights.

EfficientNet-Lite (see `efficientnet.py`), SqueezeNet 1.1 (Iandola et al. 2016), AlexNet (Krizhevsky et al. 2012), ZF-5
(Zeiler and Fergus 2014), and a small one of our own, cheaper than all of them, of bottlenecks (He et al. 2016) behind a
stem like SqueezeNet's.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import torch
import torchvision
from torch import nn

from ..errors import InputError
from .efficientnet import LITE, efficientnet_lite, lite_maps, lite_weights
from .maps import Map, describe_maps


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


class Network(NamedTuple):
    """What there is to know of a backbone without weights.

    Attributes:
        build: Makes its layers.
        maps: Name of each map that it offers, and how many layers make it.
        stem: The map at which fine-tuning divides them: the layers after it learn.
        imagenet: Fetches weights trained on ImageNet, tensors by the names of the layers', if there are some.
        preprocessing: What they expect of an image; a name of `PREPROCESSINGS`.
        views: Maps to pool and the levels of the pyramid on each, where others than the usual one are better.
    """

    build: Callable[[], nn.Sequential]
    maps: Mapping[str, int]
    stem: str
    imagenet: Callable[[], dict[str, torch.Tensor]] | None = None
    preprocessing: str = "torchvision"
    views: tuple[tuple[str, tuple[int, ...]], ...] = ()


def network_of(name: str) -> Network:
    """Return what there is to know of a backbone.

    Raises:
        InputError: If there is no such backbone.
    """
    if name not in BACKBONES:
        raise InputError(f"there is no backbone {name!r}; there are {', '.join(BACKBONES)}")
    return BACKBONES[name]


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


def _squeezenet1_1() -> nn.Sequential:
    layers: nn.Sequential = torchvision.models.squeezenet1_1(weights=None).features
    return layers


def _alexnet() -> nn.Sequential:
    layers: nn.Sequential = torchvision.models.alexnet(weights=None).features[:-1]
    return layers


def _zf5() -> nn.Sequential:
    """Return ZF-5 with the paddings of the SPP-net release."""
    return nn.Sequential(
        *(nn.Conv2d(3, 96, 7, 2, 1), nn.ReLU(), nn.LocalResponseNorm(3, 5e-5), nn.MaxPool2d(3, 2, ceil_mode=True)),
        *(nn.Conv2d(96, 256, 5, 2), nn.ReLU(), nn.LocalResponseNorm(3, 5e-5), nn.MaxPool2d(3, 2, ceil_mode=True)),
        *(nn.Conv2d(256, 384, 3, 1, 1), nn.ReLU()),
        *(nn.Conv2d(384, 384, 3, 1, 1), nn.ReLU()),
        *(nn.Conv2d(384, 256, 3, 1, 1), nn.ReLU()),
    )


def _small() -> nn.Sequential:
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


def _of_torchvision(name: str) -> dict[str, torch.Tensor]:
    return dict(getattr(torchvision.models, name).IMAGENET1K_V1.get_state_dict(progress=False))


def _lite(name: str) -> Network:
    return Network(
        partial(efficientnet_lite, name),
        lite_maps(name),
        stem="stage2",
        imagenet=partial(lite_weights, name),
        preprocessing="lite",
        views=(("stage6", (1, 2, 3)), ("stage4", (1, 2, 3, 6))),
    )


USUAL = "efficientnet_lite0"  # where no backbone is named: its weights are installed along

# The maps are numbered by their blocks or stages, as in the papers.
BACKBONES = {
    **{name: _lite(name) for name in LITE},
    "squeezenet1_1": Network(
        _squeezenet1_1,
        {
            **{"conv1": 2, "fire2": 4, "fire3": 5, "fire4": 7, "fire5": 8, "pool5": 9},
            **{"fire6": 10, "fire7": 11, "fire8": 12, "fire9": 13},
        },
        stem="pool5",
        imagenet=partial(_of_torchvision, "SqueezeNet1_1_Weights"),
    ),
    "alexnet": Network(
        _alexnet,
        {"conv1": 2, "conv2": 5, "pool2": 6, "conv3": 8, "conv4": 10, "conv5": 12},
        stem="pool2",
        imagenet=partial(_of_torchvision, "AlexNet_Weights"),
    ),
    "zf5": Network(
        _zf5, {"conv1": 2, "conv2": 6, "norm2": 7, "pool2": 8, "conv3": 10, "conv4": 12, "conv5": 14}, stem="pool2"
    ),
    "small": Network(
        _small,
        {
            **{"conv1": 2, "conv2": 5, "conv3": 8, "pool3": 9, "conv4": 11},
            **{f"bottleneck{number}": 7 + number for number in range(5, 10)},
        },
        stem="pool3",
    ),
}
