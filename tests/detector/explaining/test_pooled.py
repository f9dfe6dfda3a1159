"""Tests of what is pooled for one window, against torch's pooling and the definition of bins."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch.nn.functional import adaptive_max_pool2d

from sppnet.detector.explaining.pooled import Pooled, PooledView, pool
from sppnet.detector.pooling.features import WindowFeatures
from sppnet.detector.pooling.settings import CONTEXT, Pooling, View
from tests.conftest import square_image

Floats = npt.NDArray[np.float32]
IMAGE = square_image(0)[0]
SIZE = (IMAGE.shape[0], IMAGE.shape[1])
VIEWS = (View((1, 2, 3)), View((2,), map="conv1"), *CONTEXT)


@pytest.fixture
def features(tiny_features: WindowFeatures) -> WindowFeatures:
    return replace(tiny_features, pooling=Pooling(scales=(96, 192), views=VIEWS))


def pooled(features: WindowFeatures, *window: float) -> Pooled:
    maps = features.maps(IMAGE, features.scales, np.zeros((0, 4), np.float32))
    return pool(features, maps, np.array(window, np.float32), SIZE)


def spans(start: int, end: int, side: int) -> list[tuple[int, int]]:
    """Return the first and the last cell, outside, of the bins of a side, as the paper defines them."""
    length = end - start
    return [(start + i * length // side, start - (-(i + 1) * length // side)) for i in range(side)]


def defined(view: PooledView, side: int) -> list[list[int]]:
    x1, y1, x2, y2 = view.cells.tolist()
    return [[a, c, b, d] for c, d in spans(y1, y2, side) for a, b in spans(x1, x2, side)]


def test_bins_lie_where_the_paper_puts_them(features: WindowFeatures) -> None:
    views = pooled(features, 10, 5, 70, 90).views

    assert [level.cells.tolist() for view in views for level in view.levels] == [
        defined(view, level.side) for view in views for level in view.levels
    ]


def test_strengths_are_the_norms_of_what_torch_pools(features: WindowFeatures) -> None:
    found = pooled(features, 10, 5, 70, 90)

    x1, y1, x2, y2 = found.views[0].cells.tolist()
    cells = features.maps(IMAGE, (found.scale,), np.zeros((0, 4), np.float32))[f"{found.scale}-conv2"]
    part = torch.as_tensor(cells)[y1:y2, x1:x2].permute(2, 0, 1)
    norms = adaptive_max_pool2d(part, 3).norm(dim=0).flatten()
    np.testing.assert_allclose(found.views[0].levels[2].strengths, norms, rtol=1e-5)


def test_views_are_named_by_what_they_show(features: WindowFeatures) -> None:
    small = replace(features, pooling=replace(features.pooling, views=(View((1,), enlargement=0.5),)))

    assert [view.name for view in pooled(features, 0, 0, 50, 50).views] == [
        "window",
        "window",
        "context",
        "whole image",
    ]
    assert [view.map for view in pooled(features, 0, 0, 50, 50).views] == ["conv2", "conv1", "conv2", "conv2"]
    assert pooled(small, 0, 0, 50, 50).views[0].name == "middle"


def test_the_whole_image_is_the_whole_map(features: WindowFeatures) -> None:
    whole = pooled(features, 10, 5, 70, 90).views[3]

    assert whole.cells.tolist() == [0, 0, *whole.map_size[::-1]]


@pytest.mark.parametrize("window", [(0, 0, 128, 96), (5, 5, 6, 6), (100, 3, 128, 90), (-20, -20, 10, 10)])
def test_every_window_has_a_vector_of_the_same_length(features: WindowFeatures, window: Any) -> None:
    found = pooled(features, *window)

    assert len(found.vector) == features.pooled_dimensions == sum(view.length for view in found.views)


def test_small_windows_use_the_larger_scale(features: WindowFeatures) -> None:
    two = replace(features, pooling=replace(features.pooling, scales=(96, 300)))

    assert (pooled(two, 0, 0, 128, 96).scale, pooled(two, 0, 0, 20, 20).scale) == (96, 300)


def test_values_add_up_by_view_level_and_bin(features: WindowFeatures) -> None:
    found = pooled(features, 10, 5, 70, 90)

    sums = found.split(np.ones(len(found.vector)))

    assert [[len(level) for level in view] for view in sums] == [[1, 4, 9], [4], [1, 4], [1, 4]]
    assert {float(value) for view in sums for level in view for value in level} == {8.0}


def test_it_is_json_with_the_vector_on_request(features: WindowFeatures) -> None:
    found = pooled(features, 10, 5, 70, 90)

    short, long = json.loads(json.dumps(found.to_json())), json.loads(json.dumps(found.to_json(vector=True)))

    assert short["dimensions"] == len(long["vector"]) == len(found.vector)
    assert {**short, "vector": long["vector"]} == long
    assert [level["side"] for level in short["views"][0]["levels"]] == [1, 2, 3]
    assert len(short["views"][0]["levels"][2]["bins"]) == 9
