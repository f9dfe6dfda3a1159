"""Tests of layers as a graph: what is followed, and that what has no counterpart is named instead of guessed."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from sppnet.detector.backbone.engines.tracing import arrays_of, graph_of, onnx_engine_of
from sppnet.detector.errors import InputError


class Module(nn.Module):
    """A convolution and something that is done with what comes out of it."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind, self.layer, self.relu = kind, nn.Conv2d(3, 3, 1), nn.ReLU()

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        computed: dict[str, Callable[[], torch.Tensor]] = {
            "twice": lambda: self.relu(self.relu(self.layer(maps))),
            "times": lambda: self.layer(maps) * 2,
            "plus": lambda: self.layer(maps) + 2,
            "rows": lambda: torch.cat([self.layer(maps), maps], dim=2),
            "channels": lambda: torch.cat((self.layer(maps), maps), 1),
        }
        return computed[self.kind]()


def test_layers_within_layers_are_followed() -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()), nn.MaxPool2d(2)).eval().requires_grad_(False)
    pixels = torch.randn(1, 3, 20, 30)

    [found] = onnx_engine_of(layers, "float32", "cpu")(pixels.numpy(), [2])

    np.testing.assert_allclose(found, layers(pixels), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["twice", "channels"])
def test_modules_are_followed_along_what_they_compute(kind: str) -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(Module(kind)).eval().requires_grad_(False)
    pixels = torch.randn(1, 3, 20, 30)

    [found] = onnx_engine_of(layers, "float32", "cpu")(pixels.numpy(), [1])

    np.testing.assert_allclose(found, layers(pixels), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["times", "plus", "rows"])
def test_arithmetic_without_a_counterpart_is_named(kind: str) -> None:
    with pytest.raises(InputError, match="the engine 'onnx' knows no <built-in"):
        graph_of(nn.Sequential(Module(kind)))


@pytest.mark.parametrize(
    "layer",
    [
        nn.AvgPool2d(2),
        nn.Conv2d(3, 3, 3, padding="same"),
        nn.Conv2d(3, 3, 3, padding=1, padding_mode="reflect"),
        nn.MaxPool2d(3, 2, 1, ceil_mode=True),
        nn.MaxPool2d(3, dilation=2),
        nn.LocalResponseNorm(4),
        nn.Dropout(),
    ],
)
def test_a_layer_without_a_counterpart_is_named(layer: nn.Module) -> None:
    with pytest.raises(InputError, match=f"the engine 'onnx' knows no {type(layer).__name__}"):
        graph_of(nn.Sequential(layer))


@pytest.mark.parametrize(("precision", "device"), [("bfloat16", "cpu"), ("float32", "cuda")])
def test_what_the_engine_cannot_do_is_said(precision: str, device: str) -> None:
    with pytest.raises(InputError, match=f"computes in float32 on a CPU, not in {precision} on {device}"):
        onnx_engine_of(nn.Sequential(nn.ReLU()), precision, device)  # type: ignore[arg-type]


def test_weights_are_called_as_the_layers_call_them() -> None:
    layers = nn.Sequential(nn.Sequential(nn.Conv2d(3, 4, 3, bias=False)), Module("channels"))

    graph = graph_of(layers)

    assert [name for one in graph.operations for name in one.weights] == list(arrays_of(layers))
