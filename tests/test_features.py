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

    vectors, index = tiny_features.pool(maps, window, (120, 160))

    np.testing.assert_array_equal(vectors[index[0]], torch.cat(pyramid).numpy())


def test_windows_on_the_same_cells_share_a_vector(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8]
) -> None:
    windows = np.array([[22, 10, 110, 100], [0, 0, 160, 120], [22.1, 10, 110, 100]], np.float32)

    vectors, index = tiny_features.pool(tiny_features.maps(image), windows, (120, 160))

    assert len(vectors) == 2 and index[0] == index[2] != index[1]


def test_no_windows_give_no_vectors(tiny_features: WindowFeatures, image: npt.NDArray[np.uint8]) -> None:
    vectors, index = tiny_features.pool(tiny_features.maps(image), np.zeros((0, 4), np.float32), (120, 160))

    assert vectors.shape == (0, tiny_features.dimensions) and index.shape == (0,)


def test_every_window_is_pooled_from_the_scale_it_chooses(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8]
) -> None:
    small, large = [[30, 30, 50, 50]], [[0, 0, 160, 120]]
    sides = (96, 1120)
    both = replace(tiny_features, scales=sides)
    one_by_one = [replace(tiny_features, scales=(side,)) for side in sides]

    vectors, index = both.pool(both.maps(image), np.array(large + small + large, np.float32), (120, 160))

    [of_large], [of_small] = (
        single.pool(single.maps(image), np.array(window, np.float32), (120, 160))[0]
        for single, window in zip(one_by_one, (large, small), strict=True)
    )
    np.testing.assert_array_equal(vectors[index], [of_large, of_small, of_large])


def test_the_power_keeps_the_sign_and_commutes_with_pooling(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8]
) -> None:
    window = np.array([[20, 10, 110, 100]], np.float32)
    rooted = replace(tiny_features, power=0.5)

    raw = tiny_features.pool(tiny_features.maps(image), window, (120, 160))[0]
    powered = rooted.pool(rooted.maps(image), window, (120, 160))[0]

    np.testing.assert_allclose(powered, np.sqrt(raw), rtol=1e-6)
