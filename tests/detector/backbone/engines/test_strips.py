"""Tests of conv layers computed strip by strip."""

import pytest
import torch
from torch import nn

from sppnet.detector.backbone.engines.strips import STRIP_BYTES, WHOLE_BYTES, convolve, in_strips
from sppnet.detector.backbone.weights import load_backbone

POOLED = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True)).eval()


@pytest.fixture
def maps() -> torch.Tensor:
    return torch.rand(1, 3, 101, 64, generator=torch.Generator().manual_seed(0))


@torch.inference_mode()
@pytest.mark.parametrize("rows", [1, 2, 7, 24, 25, 1000])
def test_strips_are_the_rows_of_the_whole(maps: torch.Tensor, rows: int) -> None:
    strips = list(in_strips(POOLED, maps, rows))

    torch.testing.assert_close(torch.cat(strips, dim=2), POOLED(maps))
    assert {strip.shape[2] for strip in strips[:-1]} <= {rows}


@torch.inference_mode()
@pytest.mark.parametrize(
    ("name", "height"),
    [("squeezenet1_1", 207), ("squeezenet1_1", 224), ("alexnet", 208), ("alexnet", 225), ("zf5", 209)],
)
def test_padded_layers_and_any_height_give_the_whole(name: str, height: int) -> None:
    layers = load_backbone(name, "random").layers
    pixels = torch.rand(1, 3, height, 224, generator=torch.Generator().manual_seed(0))

    strips = torch.cat(list(in_strips(layers, pixels, 3)), dim=2)

    torch.testing.assert_close(strips, layers(pixels), rtol=1e-4, atol=1e-5)


@torch.inference_mode()
@pytest.mark.parametrize("height", [7, 8, 9, 10, 22, 23, 24, 25, 26, 38, 79])
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_rows_that_no_cell_sees_make_no_strip(height: int, ceil_mode: bool) -> None:
    layers = nn.Sequential(nn.Conv2d(1, 2, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=ceil_mode))
    maps = torch.rand(1, 1, height, 9, generator=torch.Generator().manual_seed(height))

    strips = list(in_strips(layers, maps, 4))

    torch.testing.assert_close(torch.cat(strips, dim=2), layers(maps))
    assert all(strip.shape[2] for strip in strips)


@torch.inference_mode()
def test_large_maps_are_cut_and_stay_the_same(monkeypatch: pytest.MonkeyPatch, maps: torch.Tensor) -> None:
    heights = []
    hooked = nn.Sequential(*POOLED, nn.Conv2d(8, 8, 3, padding=1))
    hooked[0].register_forward_hook(lambda layer, inputs, output: heights.append(inputs[0].shape[2]))
    monkeypatch.setattr("sppnet.detector.backbone.engines.strips.WHOLE_BYTES", maps.numel())
    monkeypatch.setattr("sppnet.detector.backbone.engines.strips.STRIP_BYTES", maps.numel())  # a quarter of them

    found = convolve(hooked, maps)

    assert max(heights) < 40
    torch.testing.assert_close(found, nn.Sequential(*POOLED, hooked[3])(maps))


@torch.inference_mode()
def test_small_maps_and_batches_are_left_whole(maps: torch.Tensor) -> None:
    heights = []
    hooked = nn.Sequential(*POOLED)
    hook = hooked[0].register_forward_hook(lambda layer, inputs, output: heights.append(inputs[0].shape[2]))
    large = torch.rand(2, 3, 800, WHOLE_BYTES // 800 // 3 // 4)

    convolve(hooked, maps)
    convolve(hooked, large)
    hook.remove()

    assert heights == [101, 800]


def test_layers_without_pooling_are_left_whole() -> None:
    layers = nn.Sequential(nn.Conv2d(1, 1, 1))
    maps = torch.rand(1, 1, 1000, (WHOLE_BYTES + STRIP_BYTES) // 4000)

    assert torch.equal(convolve(layers, maps), layers(maps))


@torch.inference_mode()
def test_one_row_is_enough() -> None:
    layers = nn.Sequential(nn.Conv2d(1, 1, 1), nn.MaxPool2d(1))

    assert torch.equal(next(in_strips(layers, torch.ones(1, 1, 1, 1), 5)), layers(torch.ones(1, 1, 1, 1)))
