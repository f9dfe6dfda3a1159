"""Backbones that torchvision has, and its weights: the import takes more than a second, so that others do without."""

import torch
import torchvision
from torch import nn


def squeezenet1_1() -> nn.Sequential:
    """Return the conv layers of SqueezeNet 1.1 (Iandola et al. 2016)."""
    layers: nn.Sequential = torchvision.models.squeezenet1_1(weights=None).features
    return layers


def alexnet() -> nn.Sequential:
    """Return the conv layers of AlexNet (Krizhevsky et al. 2012)."""
    layers: nn.Sequential = torchvision.models.alexnet(weights=None).features[:-1]
    return layers


def torchvision_weights(name: str) -> dict[str, torch.Tensor]:
    """Return ImageNet weights, which are downloaded if they are not there."""
    return dict(getattr(torchvision.models, name).IMAGENET1K_V1.get_state_dict(progress=False))
