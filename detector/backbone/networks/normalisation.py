"""Batch normalisation (Ioffe and Szegedy 2015) while a backbone is trained from nothing, and none afterwards.

A normalisation with fixed statistics is a scale and a shift of each channel, which the convolution before it can do.
"""

import copy
from collections.abc import Callable

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from .layers import initialised


class NormalisedConvolution(nn.Sequential):
    """A convolution without biases and the normalisation of its channels."""


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


def _replaced(layers: nn.Sequential, kind: type[nn.Module], change: Callable[..., nn.Module]) -> nn.Sequential:
    layers = copy.deepcopy(layers)
    for name, layer in list(layers.named_modules()):
        if isinstance(layer, kind):
            layers.set_submodule(name, change(layer))
    return layers


def _normalised(convolution: nn.Conv2d) -> nn.Module:
    convolution.bias = None
    return NormalisedConvolution(convolution, nn.BatchNorm2d(convolution.out_channels))


def _folded(pair: NormalisedConvolution) -> nn.Module:
    convolution, normalisation = pair.eval()
    assert isinstance(convolution, nn.Conv2d)
    assert isinstance(normalisation, nn.BatchNorm2d)
    return fuse_conv_bn_eval(convolution, normalisation)
