"""The table of backbones: conv layers cut after the last ReLU, without weights, and what there is to know of them.

EfficientNet-Lite (see `efficientnet.py`), SqueezeNet 1.1 (Iandola et al. 2016), AlexNet (Krizhevsky et al. 2012), ZF-5
(Zeiler and Fergus 2014), and a small one of our own, cheaper than all of them, of bottlenecks (He et al. 2016) behind a
stem like SqueezeNet's.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from ... import backbone  # whose modules come when a function of theirs is called: torch takes seconds
from ...errors import InputError
from .efficientnet_sizes import LITE, lite_maps

if TYPE_CHECKING:
    import torch
    from torch import nn


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

    build: "Callable[[], nn.Sequential]"
    maps: Mapping[str, int]
    stem: str
    imagenet: "Callable[[], dict[str, torch.Tensor]] | None" = None
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


def _lite(name: str) -> Network:
    return Network(
        lambda: backbone.efficientnet_lite(name),
        lite_maps(name),
        stem="stage2",
        imagenet=lambda: backbone.lite_weights(name),
        preprocessing="lite",
        views=(("stage6", (1, 2, 3)), ("stage4", (1, 2, 3, 6))),
    )


USUAL = "efficientnet_lite0"  # where no backbone is named: its weights are installed along

# The maps are numbered by their blocks or stages, as in the papers.
BACKBONES = {
    **{name: _lite(name) for name in LITE},
    "squeezenet1_1": Network(
        lambda: backbone.squeezenet1_1(),
        {
            **{"conv1": 2, "fire2": 4, "fire3": 5, "fire4": 7, "fire5": 8, "pool5": 9},
            **{"fire6": 10, "fire7": 11, "fire8": 12, "fire9": 13},
        },
        stem="pool5",
        imagenet=lambda: backbone.torchvision_weights("SqueezeNet1_1_Weights"),
    ),
    "alexnet": Network(
        lambda: backbone.alexnet(),
        {"conv1": 2, "conv2": 5, "pool2": 6, "conv3": 8, "conv4": 10, "conv5": 12},
        stem="pool2",
        imagenet=lambda: backbone.torchvision_weights("AlexNet_Weights"),
    ),
    "zf5": Network(
        lambda: backbone.zf5(),
        {"conv1": 2, "conv2": 6, "norm2": 7, "pool2": 8, "conv3": 10, "conv4": 12, "conv5": 14},
        stem="pool2",
    ),
    "small": Network(
        lambda: backbone.small(),
        {
            **{"conv1": 2, "conv2": 5, "conv3": 8, "pool3": 9, "conv4": 11},
            **{f"bottleneck{number}": 7 + number for number in range(5, 10)},
        },
        stem="pool3",
    ),
}
