"""Tests of conv layers in onnxruntime: the maps of torch, up to rounding, of every backbone at odd sizes."""

import pytest
import torch
from torch import nn

from sppnet.detector.backbone.networks import BACKBONES, network_of, random_layers
from sppnet.detector.backbone.onnx_engine import OnnxEngine
from sppnet.detector.backbone.torch_engine import TorchEngine, conv_threads
from sppnet.detector.errors import InputError

TOLERANCE = 1e-4  # of the largest value of a map


@pytest.mark.parametrize("size", [(97, 131), (64, 65)])
@pytest.mark.parametrize("name", BACKBONES)
def test_maps_are_those_of_torch_at_odd_sizes(name: str, size: tuple[int, int]) -> None:
    layers, depths = random_layers(name, 0).eval(), list(network_of(name).maps.values())
    pixels = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))

    found, expected = (engine(layers, "float32", "cpu")(pixels, depths) for engine in (OnnxEngine, TorchEngine))

    assert [map.shape for map in found] == [map.shape for map in expected]
    assert all(
        float((a - b).abs().max()) <= TOLERANCE * float(b.abs().max()) for a, b in zip(found, expected, strict=True)
    )


def test_sizes_threads_and_choices_of_maps_may_change() -> None:
    engine, layers = OnnxEngine(random_layers("small", 0).eval(), "float32", "cpu"), random_layers("small", 0).eval()
    small, large = (torch.randn(1, 3, side, side) for side in (40, 90))

    with conv_threads(1):
        one = engine(small, [2])[0]
    two = engine(large, [2, 16])[1]

    with torch.inference_mode():
        torch.testing.assert_close(one, layers[:2](small), rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(two, layers(large), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("precision", "device"), [("bfloat16", "cpu"), ("float32", "cuda")])
def test_what_it_cannot_do_is_said(precision: str, device: str) -> None:
    with pytest.raises(InputError, match=f"computes in float32 on a CPU, not in {precision} on {device}"):
        OnnxEngine(random_layers("small", 0), precision, device)  # type: ignore[arg-type]


def test_a_layer_without_a_counterpart_is_named() -> None:
    with pytest.raises(InputError, match="the engine 'onnx' knows no AvgPool2d"):
        OnnxEngine(nn.Sequential(nn.Conv2d(3, 1, 1), nn.AvgPool2d(2)), "float32", "cpu")


def test_layers_within_layers_are_followed() -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), nn.MaxPool2d(2)).eval()
    pixels = torch.randn(1, 3, 20, 30)

    (found,) = OnnxEngine(layers, "float32", "cpu")(pixels, [2])

    with torch.inference_mode():
        torch.testing.assert_close(found, layers(pixels), rtol=1e-4, atol=1e-5)


class Doubled(nn.Module):
    """A layer, and then arithmetic that has no counterpart."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.ReLU()

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        doubled: torch.Tensor = self.layer(maps) * 2
        return doubled


def test_arithmetic_without_a_counterpart_is_named() -> None:
    with pytest.raises(InputError, match="the engine 'onnx' knows no <built-in function mul> as in Doubled"):
        OnnxEngine(nn.Sequential(nn.Conv2d(3, 1, 1), Doubled()), "float32", "cpu")
