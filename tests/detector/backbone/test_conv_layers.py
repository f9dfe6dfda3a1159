"""Tests of conv layers ready to run, whatever runs them: what they are given, and in which form maps come."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from sppnet.detector.backbone.conv_layers import ConvLayers, Map, cells_of, padded
from sppnet.detector.backbone.preprocessing import PREPROCESSINGS
from sppnet.detector.errors import InputError
from sppnet.detector.types import Floats

MAPS = {name: Map(name, depth, 1, 0.0, 1, 3) for name, depth in (("first", 1), ("second", 2))}


class Echo:
    """An engine whose maps are the pixels, each layer's one more than those of the layer before."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[int, ...], list[int]]] = []

    def __call__(self, pixels: Floats, depths: Sequence[int]) -> list[Floats | torch.Tensor]:
        self.asked.append((pixels.shape, list(depths)))
        return [pixels + np.float32(depth) for depth in depths]


def layers(engine: Echo, weight: float = 1.0, name: str = "onnx") -> ConvLayers:
    tensors = {"0.weight": np.full((3, 3, 1, 1), weight, np.float32)}
    return ConvLayers(
        "echo", PREPROCESSINGS["caffe"], maps=MAPS, least_side=9, run=engine, tensors=lambda: tensors, engine=name
    )


def test_maps_come_by_name_in_one_pass_with_the_shallowest_first() -> None:
    engine = Echo()

    maps = layers(engine).maps_of(np.zeros((20, 30, 3), np.uint8), 10, ("second", "first"))

    assert engine.asked == [((1, 3, 10, 15), [1, 2])]
    assert list(maps) == ["first", "second"]
    np.testing.assert_array_equal(maps["second"], maps["first"] + 1)


def test_an_image_too_small_for_a_cell_is_padded() -> None:
    engine = Echo()

    layers(engine).maps_of(np.zeros((4, 20, 3), np.uint8), 4, ("first",))

    assert engine.asked == [((1, 3, 9, 20), [1])]


def test_padding_is_the_mean_on_the_right_and_at_the_bottom() -> None:
    found = padded(np.ones((1, 3, 2, 3), np.float32), 4)

    assert found.shape == (1, 3, 4, 4)
    assert found[..., :2, :3].all() and not found[..., 2:, :].any() and not found[..., 3:].any()


def test_the_last_map_is_the_one_without_a_name() -> None:
    assert layers(Echo()).named(None) == layers(Echo()).last == MAPS["second"]


def test_a_map_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match="echo has no map 'third'; there are first, second"):
        layers(Echo()).named("third")


def test_the_fingerprint_tells_weights_and_engines_apart() -> None:
    found = {layers(Echo(), *changes).fingerprint() for changes in ((), (1.0, "onnx"), (2.0, "onnx"), (1.0, "torch"))}

    assert len(found) == 3


def test_cells_of_arrays_and_tensors_are_the_same_contiguous_array() -> None:
    map = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)

    found = cells_of(map)

    assert found.shape == (3, 4, 2) and found.flags.c_contiguous and found[1, 2, 1] == map[0, 1, 1, 2]
    np.testing.assert_array_equal(found, cells_of(torch.from_numpy(map)))
