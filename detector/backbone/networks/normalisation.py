"""Batch normalisation (Ioffe and Szegedy 2015) while layers learn, and none afterwards.

A normalisation with fixed statistics is a scale and a shift of each channel, which the convolution before it can do.
So weights are kept folded. But they do not learn as well so: a step of one size is far too long for some of the folded
weights and far too short for others, which had all been about of one size. Layers that came with a normalisation
therefore learn with it, its statistics fixed.
"""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from .layers import initialised


class NormalisedConvolution(nn.Sequential):
    """A convolution without biases and the normalisation of its channels, folded as it goes where that is fixed."""

    def forward(self, map: torch.Tensor) -> torch.Tensor:
        """Return the map (B, C, h, w) after both."""
        if self.training:
            after: torch.Tensor = super().forward(map)  # type: ignore[no-untyped-call]
            return after
        convolution, normalisation = self.parts()
        mean, variance = normalisation.running_mean, normalisation.running_var
        assert mean is not None
        assert variance is not None
        factors = normalisation.weight * (variance + normalisation.eps).rsqrt()
        weight = convolution.weight * factors[:, None, None, None]
        shape: Any = convolution.stride, convolution.padding, convolution.dilation, convolution.groups
        return functional.conv2d(map, weight, normalisation.bias - mean * factors, *shape)

    def parts(self) -> tuple[nn.Conv2d, nn.BatchNorm2d]:
        """Return the convolution and the normalisation."""
        convolution, normalisation = self
        assert isinstance(convolution, nn.Conv2d)
        assert isinstance(normalisation, nn.BatchNorm2d)
        return convolution, normalisation


def normalised(layers: nn.Sequential, *, seed: int = 0) -> nn.Sequential:
    """Return a copy with every convolution normalised and random weights, ready to be trained."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return initialised(_replaced(layers, nn.Conv2d, _normalised)).train().requires_grad_(True)


def folded(layers: nn.Sequential) -> nn.Sequential:
    """Return a copy in evaluation mode with every normalisation folded into its convolution.

    It gives the same maps, and its tensors have the names and shapes of layers that were never normalised.
    """
    return _replaced(layers, NormalisedConvolution, _folded).eval()


def remember(convolution: nn.Module, normalisation: torch.Tensor) -> None:
    """Keep with a folded convolution the normalisation it came with: (3, C), the scales, means and variances."""
    convolution.register_buffer("normalisation", normalisation, persistent=False)


@torch.no_grad()
def unfolded(layers: nn.Sequential) -> nn.Sequential:
    """Return a copy in evaluation mode in which every remembered normalisation is apart from its convolution."""
    return _replaced(layers, nn.Conv2d, _unfolded).eval()


def _replaced(layers: nn.Sequential, kind: type[nn.Module], change: Callable[..., nn.Module]) -> nn.Sequential:
    layers = copy.deepcopy(layers)
    for name, layer in list(layers.named_modules()):
        if isinstance(layer, kind):
            parent, _, child = name.rpartition(".")
            setattr(layers.get_submodule(parent), child, change(layer))
    return layers


def _normalised(convolution: nn.Conv2d) -> nn.Module:
    convolution.bias = None
    return NormalisedConvolution(convolution, nn.BatchNorm2d(convolution.out_channels))


def _folded(pair: NormalisedConvolution) -> nn.Module:
    return fuse_conv_bn_eval(*pair.eval().parts())


def _unfolded(convolution: nn.Conv2d) -> nn.Module:
    remembered, bias = getattr(convolution, "normalisation", None), convolution.bias
    if remembered is None or bias is None:
        return convolution
    scales, means, variances = remembered
    factors = scales / variances.sqrt()
    convolution, normalisation = copy.deepcopy(convolution), nn.BatchNorm2d(len(scales), eps=0)
    convolution.weight.div_(factors[:, None, None, None])
    convolution.bias = None
    normalisation.weight.copy_(scales)
    normalisation.bias.copy_(bias + means * factors)
    normalisation.running_mean, normalisation.running_var = means.clone(), variances.clone()
    return NormalisedConvolution(convolution, normalisation.to(scales.device))
