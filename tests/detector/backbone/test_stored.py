"""Tests of the conv layers of saved models: they run without torch, and a damaged file is one clear error."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import nn

from sppnet.detector import load_backbone
from sppnet.detector.backbone.backbone import Backbone
from sppnet.detector.backbone.preprocessing import PREPROCESSINGS
from sppnet.detector.backbone.stored import conv_bytes, stored_layers
from sppnet.detector.errors import ModelError
from tests.conftest import square_image


@pytest.fixture(scope="module")
def small() -> Backbone:
    return load_backbone("small", "random")


@pytest.fixture
def file(small: Backbone, tmp_path: Path) -> Path:
    content = conv_bytes(small)
    assert content is not None
    (tmp_path / "conv.json").write_bytes(content)
    return tmp_path / "conv.json"


def test_stored_layers_make_the_maps_of_the_layers_that_were_stored(small: Backbone, file: Path) -> None:
    stored = stored_layers(file, "small", small.tensors(), small.preprocessing)

    image, names = square_image(0)[0], ("conv1", "bottleneck9")
    found, expected = (layers.maps_of(image, 100, names) for layers in (stored, small))
    np.testing.assert_array_equal(found["conv1"], expected["conv1"])
    np.testing.assert_array_equal(found["bottleneck9"], expected["bottleneck9"])
    assert (stored.maps, stored.least_side) == (small.maps, small.least_side)


def test_their_fingerprint_is_that_of_the_layers(small: Backbone, file: Path) -> None:
    stored = stored_layers(file, "small", small.tensors(), small.preprocessing)

    assert stored.fingerprint() == small.fingerprint()


def test_layers_that_onnx_does_not_know_are_not_stored() -> None:
    layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.GELU())

    assert conv_bytes(Backbone("any", layers, PREPROCESSINGS["caffe"])) is None


POOL = {"kernel_shape": [9, 9], "strides": [1, 1], "pads": [8, 8, 8, 8], "ceil_mode": 0}
GROWING = [["MaxPool", [f"{n}" if n else "pixels"], f"{n + 1}", [], POOL] for n in range(50)]
DOUBLING = [["Concat", [f"{n}" if n else "pixels"] * 2, f"{n + 1}", [], {"axis": 1}] for n in range(50)]


def changed(**fields: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda described: {**described, **fields}


def last_map(**fields: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda described: {**described, "maps": [*described["maps"][:-1], {**described["maps"][-1], **fields}]}


@pytest.mark.parametrize(
    "change",
    [
        lambda described: {},
        changed(maps=[]),
        changed(maps=[{"name": "map"}]),
        changed(least_side=10**9),
        changed(least_side=2),
        changed(operations=GROWING),
        changed(operations=DOUBLING),
        changed(least_side="17"),
        changed(layers=["0"]),
        changed(layers=[["0"]]),
        changed(operations=[["Relu"]]),
        changed(operations=7),
        changed(operations=[["Loop", ["pixels"], "0", [], {}]]),
        last_map(channels=255),
        last_map(depth=17),
        last_map(stride=0),
        last_map(stride=True),
        last_map(first_centre=float("nan")),
        last_map(first_centre="15"),
        last_map(name=["map"]),
    ],
)
def test_a_damaged_file_is_one_clear_error(
    small: Backbone, file: Path, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    file.write_text(json.dumps(change(json.loads(file.read_text()))))

    with pytest.raises(ModelError, match=r"conv\.json: the conv layers are damaged, or do not fit their weights"):
        stored_layers(file, "small", small.tensors(), small.preprocessing)


@pytest.mark.parametrize("content", [b"\x80noise", b"[]", b'{"maps": ', b"[" * 100_000])
def test_a_file_of_something_else_is_one_clear_error(small: Backbone, file: Path, content: bytes) -> None:
    file.write_bytes(content)

    with pytest.raises(ModelError, match=r"conv\.json"):
        stored_layers(file, "small", small.tensors(), small.preprocessing)


@pytest.mark.parametrize(
    "tensor",
    [np.zeros((24, 3, 2), np.float32), np.full((24, 3, 3, 3), np.nan, np.float32), np.zeros((24, 3, 3, 3))],
)
def test_weights_that_do_not_fit_are_one_clear_error(small: Backbone, file: Path, tensor: Any) -> None:
    with pytest.raises(ModelError, match=r"conv\.json: the conv layers are damaged, or do not fit their weights"):
        stored_layers(file, "small", {**small.tensors(), "0.weight": tensor}, small.preprocessing)


def test_a_weight_that_is_missing_is_named(small: Backbone, file: Path) -> None:
    with pytest.raises(ModelError, match=r"the tensor '0\.weight' must be there"):
        stored_layers(file, "small", {}, small.preprocessing)
