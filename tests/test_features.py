"""Tests of windows as vectors: the map once, the right scale, distinct vectors."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch.nn.functional import adaptive_max_pool2d

from detector.features import WindowFeatures
from detector.geometry import window_cells


@pytest.fixture
def image() -> npt.NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (120, 160, 3)).astype(np.uint8)


def test_a_windows_vector_is_the_pyramid_of_its_cells(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8]
) -> None:
    window = np.array([[20, 10, 110, 100]], np.float32)
    maps = tiny_features.maps(image)
    [[x1, y1, x2, y2]] = window_cells(
        window, image_size=(120, 160), scale=96, stride=4, first_centre=4, map_size=maps[96].shape[:2]
    )
    part = torch.from_numpy(maps[96][y1:y2, x1:x2]).permute(2, 0, 1)[None]
    pyramid = [adaptive_max_pool2d(part, level)[0].permute(1, 2, 0).flatten() for level in (1, 2, 3, 6)]

    vectors = tiny_features.project(maps, window, (120, 160)).all()

    np.testing.assert_array_equal(vectors, [torch.cat(pyramid).numpy()])


def test_windows_on_the_same_cells_share_a_vector(tiny_features: WindowFeatures, image: npt.NDArray[np.uint8]) -> None:
    windows = np.array([[22, 10, 110, 100], [0, 0, 160, 120], [22.1, 10, 110, 100]], np.float32)

    vectors = tiny_features.project(tiny_features.maps(image), windows, (120, 160))

    assert [len(cells) for cells in vectors.rectangles] == [2]
    assert vectors.index[0] == vectors.index[2] != vectors.index[1]


def test_no_windows_give_no_vectors(tiny_features: WindowFeatures, image: npt.NDArray[np.uint8]) -> None:
    vectors = tiny_features.project(tiny_features.maps(image), np.zeros((0, 4), np.float32), (120, 160))

    assert vectors.all().shape == (0, tiny_features.dimensions)
    assert vectors.margins(np.zeros((3, tiny_features.dimensions), np.float32), np.zeros(3, np.float32)).shape == (0, 3)


def many_windows() -> npt.NDArray[np.float32]:
    corners = np.random.default_rng(1).integers(0, 100, (700, 2))
    return np.hstack([corners, corners + np.random.default_rng(2).integers(5, 60, (700, 2))]).astype(np.float32)


@pytest.mark.parametrize("scales", [(96,), (96, 240, 480)])
def test_margins_are_those_of_the_whole_matrix(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8], scales: tuple[int, ...]
) -> None:
    features = replace(tiny_features, scales=scales)
    vectors = features.project(features.maps(image), many_windows(), (120, 160))
    weights = np.random.default_rng(0).normal(size=(3, features.dimensions)).astype(np.float32)
    biases = np.array([1, 2, 3], np.float32)

    margins = vectors.margins(weights, biases)

    np.testing.assert_allclose(margins, vectors.all() @ weights.T + biases, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("scales", [(96,), (96, 240, 480)])
def test_taken_windows_keep_their_vectors(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8], scales: tuple[int, ...]
) -> None:
    features = replace(tiny_features, scales=scales)
    vectors = features.project(features.maps(image), many_windows(), (120, 160))
    chosen = np.array([600, 3, 3, 77])

    np.testing.assert_array_equal(vectors.take(chosen).all(), vectors.all()[chosen])


def test_every_window_is_pooled_from_the_scale_it_chooses(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8]
) -> None:
    small, large = [[30, 30, 50, 50]], [[0, 0, 160, 120]]
    sides = (96, 1120)
    both = replace(tiny_features, scales=sides)
    one_by_one = [replace(tiny_features, scales=(side,)) for side in sides]

    vectors = both.project(both.maps(image), np.array(large + small + large, np.float32), (120, 160)).all()

    [of_large], [of_small] = (
        single.project(single.maps(image), np.array(window, np.float32), (120, 160)).all()
        for single, window in zip(one_by_one, (large, small), strict=True)
    )
    np.testing.assert_array_equal(vectors, [of_large, of_small, of_large])


def test_the_power_keeps_the_sign_and_commutes_with_pooling(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8]
) -> None:
    window = np.array([[20, 10, 110, 100]], np.float32)
    rooted = replace(tiny_features, power=0.5)

    raw = tiny_features.project(tiny_features.maps(image), window, (120, 160)).all()
    powered = rooted.project(rooted.maps(image), window, (120, 160)).all()

    np.testing.assert_allclose(powered, np.sqrt(raw), rtol=1e-6)
