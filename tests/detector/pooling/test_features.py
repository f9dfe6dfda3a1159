"""Tests of windows as vectors: the map once, the right scale, distinct vectors."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch.nn.functional import adaptive_max_pool2d

from sppnet.detector.backbone.backbone import Backbone
from sppnet.detector.errors import InputError
from sppnet.detector.pooling.features import WindowFeatures
from sppnet.detector.pooling.head import Head
from sppnet.detector.pooling.projection import window_cells
from sppnet.detector.pooling.settings import CONTEXT, Pooling, View
from sppnet.detector.pooling.vectors import Layer, Maps, WindowVectors
from sppnet.detector.threads import conv_threads
from sppnet.detector.timing import Stopwatch
from tests.detector.pooling.pooled import pooled

Floats = npt.NDArray[np.float32]
NONE = np.zeros((0, 4), np.float32)
WINDOW = np.array([[20, 10, 110, 100]], np.float32)
SIZE = (120, 160)
EARLIER = View((1, 2, 3), map="conv1")


@pytest.fixture
def image() -> npt.NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (120, 160, 3)).astype(np.uint8)


def scaled(features: WindowFeatures, scales: tuple[int, ...]) -> WindowFeatures:
    return pooled_by(features, scales=scales)


def pooled_by(features: WindowFeatures, **settings: Any) -> WindowFeatures:
    return replace(features, pooling=replace(features.pooling, **settings))


def maps_of(features: WindowFeatures, image: npt.NDArray[np.uint8]) -> Maps:
    return features.maps(image, features.scales, NONE)


def test_a_windows_vector_is_the_pyramid_of_its_cells(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8]
) -> None:
    window = np.array([[20, 10, 110, 100]], np.float32)
    maps = maps_of(tiny_features, image)
    [[x1, y1, x2, y2]] = window_cells(
        window, image_size=(120, 160), scale=96, stride=4, first_centre=4, map_size=np.shape(maps["96-conv2"])[:2]
    )
    part = torch.as_tensor(maps["96-conv2"])[y1:y2, x1:x2].permute(2, 0, 1)[None]
    pyramid = [adaptive_max_pool2d(part, level)[0].permute(1, 2, 0).flatten() for level in (1, 2, 3, 6)]

    vectors = tiny_features.vectors(image, window).all()

    np.testing.assert_array_equal(vectors, [torch.cat(pyramid).numpy()])


def test_features_at_other_scales_are_those_of_a_model_of_these(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8]
) -> None:
    moved = tiny_features.at([64, 128])

    assert moved.scales == (64, 128) and tiny_features.scales == (96,)
    np.testing.assert_array_equal(
        moved.vectors(image, WINDOW).all(), scaled(tiny_features, (64, 128)).vectors(image, WINDOW).all()
    )


def test_features_have_no_scale_below_a_pixel(tiny_features: WindowFeatures) -> None:
    with pytest.raises(InputError, match="different short sides in pixels"):
        tiny_features.at([0])


def test_windows_on_the_same_cells_share_a_vector(tiny_features: WindowFeatures, image: npt.NDArray[np.uint8]) -> None:
    windows = np.array([[22, 10, 110, 100], [0, 0, 160, 120], [22.1, 10, 110, 100]], np.float32)

    vectors = tiny_features.vectors(image, windows)

    assert isinstance(vectors, WindowVectors) and len(vectors) == 2
    assert vectors.index[0] == vectors.index[2] != vectors.index[1]


def test_no_windows_give_no_vectors(tiny_features: WindowFeatures, image: npt.NDArray[np.uint8]) -> None:
    vectors = tiny_features.vectors(image, np.zeros((0, 4), np.float32))

    assert vectors.all().shape == (0, tiny_features.dimensions)
    assert vectors.margins(np.zeros((3, tiny_features.dimensions), np.float32), np.zeros(3, np.float32)).shape == (0, 3)


def many_windows() -> npt.NDArray[np.float32]:
    corners = np.random.default_rng(1).integers(0, 100, (700, 2))
    return np.hstack([corners, corners + np.random.default_rng(2).integers(5, 60, (700, 2))]).astype(np.float32)


@pytest.mark.parametrize("scales", [(96,), (96, 480, 1120)])
def test_margins_are_those_of_the_whole_matrix(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8], scales: tuple[int, ...]
) -> None:
    features = scaled(tiny_features, scales)
    vectors = features.vectors(image, many_windows())
    weights = np.random.default_rng(0).normal(size=(3, features.dimensions)).astype(np.float32)
    biases = np.array([1, 2, 3], np.float32)

    margins = vectors.margins(weights, biases)

    np.testing.assert_allclose(margins, vectors.all() @ weights.T + biases, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("scales", [(96,), (96, 480, 1120)])
def test_margins_are_the_same_with_any_number_of_threads(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8], scales: tuple[int, ...]
) -> None:
    features = scaled(tiny_features, scales)
    vectors = features.vectors(image, many_windows())
    weights, clock = np.ones((3, features.dimensions), np.float32), Stopwatch()

    with conv_threads(1):
        alone = vectors.margins(weights, np.zeros(3, np.float32))
    with conv_threads(3):
        together = vectors.margins(weights, np.zeros(3, np.float32), clock)

    np.testing.assert_array_equal(alone, together)
    assert list(clock.seconds) == ["pooling", "scores"]


@pytest.mark.parametrize("scales", [(96,), (96, 480, 1120)])
def test_taken_windows_keep_their_vectors(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8], scales: tuple[int, ...]
) -> None:
    features = scaled(tiny_features, scales)
    vectors = features.vectors(image, many_windows())
    chosen = np.array([600, 3, 3, 77])

    np.testing.assert_array_equal(vectors.take(chosen).all(), vectors.all()[chosen])


def test_every_window_is_pooled_from_the_scale_it_chooses(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8]
) -> None:
    small, large = [[30, 30, 50, 50]], [[0, 0, 160, 120]]
    sides = (96, 1120)
    both = scaled(tiny_features, sides)
    one_by_one = [scaled(tiny_features, (side,)) for side in sides]

    vectors = both.vectors(image, np.array(large + small + large, np.float32)).all()

    [of_large], [of_small] = (
        single.vectors(image, np.array(window, np.float32)).all()
        for single, window in zip(one_by_one, (large, small), strict=True)
    )
    np.testing.assert_array_equal(vectors, [of_large, of_small, of_large])


def test_scales_may_come_in_any_order(tiny_features: WindowFeatures, image: npt.NDArray[np.uint8]) -> None:
    rising, falling = (
        scaled(tiny_features, scales).vectors(image, many_windows()) for scales in ((480, 1120), (1120, 480))
    )

    assert isinstance(rising, WindowVectors) and len(rising.places) == 2
    np.testing.assert_array_equal(rising.all(), falling.all())


def test_the_power_keeps_the_sign_and_commutes_with_pooling(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8]
) -> None:
    window = np.array([[20, 10, 110, 100]], np.float32)
    rooted = pooled_by(tiny_features, power=0.5)

    raw = tiny_features.vectors(image, window).all()
    powered = rooted.vectors(image, window).all()

    np.testing.assert_allclose(powered, np.sqrt(raw), rtol=1e-6)


def test_maps_are_named_by_their_scales(pooled_backbone: Backbone, image: npt.NDArray[np.uint8]) -> None:
    features = WindowFeatures(pooled_backbone, Pooling(scales=(96, 240), views=(View(), EARLIER)))

    names = ["96-conv1", "96-conv2", "240-conv1", "240-conv2"]
    assert list(maps_of(features, image)) == features.names((96, 240)) == names


def test_scales_that_no_window_selects_are_not_needed(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8]
) -> None:
    features = scaled(tiny_features, (96, 240, 480, 1120))
    windows = np.array([[0, 0, 160, 120], [30, 30, 50, 50]], np.float32)

    chosen = features.scales_of(windows, SIZE)

    assert chosen.tolist() == [240, 1120]  # 192 x 144, and 20 x 20 pixels, are nearest to 224 x 224 there
    assert features.vectors(image, windows).all().shape == (2, features.dimensions)


def test_no_windows_select_no_scale(tiny_features: WindowFeatures, image: npt.NDArray[np.uint8]) -> None:
    assert tiny_features.scales_of(NONE, SIZE).shape == (0,)
    assert tiny_features.vectors(image, NONE).all().shape == (0, tiny_features.dimensions)


def test_context_is_what_is_around_a_window(tiny_features: WindowFeatures, image: npt.NDArray[np.uint8]) -> None:
    features = replace(tiny_features, pooling=tiny_features.pooling.with_views(*CONTEXT))
    maps = maps_of(features, image)
    grown = np.array([[-2.5, -12.5, 132.5, 122.5]], np.float32)  # 90 x 90 pixels became 135 x 135
    cells = window_cells(
        grown, image_size=SIZE, scale=96, stride=4, first_centre=4, map_size=np.shape(maps["96-conv2"])[:2]
    )

    vectors = features.vectors(image, WINDOW).all()

    np.testing.assert_array_equal(vectors[:, 400:440], pooled(np.asarray(maps["96-conv2"]), cells, (1, 2)))


def test_the_whole_image_is_pooled_for_every_window(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8]
) -> None:
    features = replace(tiny_features, pooling=tiny_features.pooling.with_views(*CONTEXT))
    maps = maps_of(features, image)
    whole = torch.as_tensor(maps["96-conv2"]).permute(2, 0, 1)[None]
    expected = torch.cat([adaptive_max_pool2d(whole, level)[0].flatten(1).T.flatten() for level in (1, 2)])

    vectors = features.vectors(image, many_windows()).all()

    assert vectors.shape == (700, 480) == (700, features.dimensions)
    np.testing.assert_array_equal(vectors[:, 440:], np.tile(expected.numpy(), (700, 1)))


def test_what_is_added_leaves_the_first_part_as_it_is(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8]
) -> None:
    more = replace(tiny_features, pooling=tiny_features.pooling.with_views(*CONTEXT, View((1, 2, 3))))

    plain, longer = (one.vectors(image, many_windows()).all() for one in (tiny_features, more))

    np.testing.assert_array_equal(longer[:, :400], plain)


def test_bins_of_another_map_are_pooled_from_its_cells(pooled_backbone: Backbone, image: npt.NDArray[np.uint8]) -> None:
    features = WindowFeatures(pooled_backbone, Pooling(scales=(96,)).with_views(EARLIER))
    maps = maps_of(features, image)
    early = np.asarray(maps["96-conv1"])  # conv 5 x 5 of stride 2: centres 2, 4, 6...
    cells = window_cells(WINDOW, image_size=SIZE, scale=96, stride=2, first_centre=2, map_size=early.shape[:2])

    vectors = features.vectors(image, WINDOW).all()

    assert early.shape == (46, 62, 8)
    np.testing.assert_array_equal(vectors[:, 400:], pooled(early, cells, (1, 2, 3)))


@pytest.mark.parametrize("views", [CONTEXT, (EARLIER,), (*CONTEXT, EARLIER)])
def test_margins_of_longer_vectors_are_those_of_the_whole_matrix(
    pooled_backbone: Backbone, image: npt.NDArray[np.uint8], views: tuple[View, ...]
) -> None:
    features = WindowFeatures(pooled_backbone, Pooling(scales=(96, 240)).with_views(*views))
    vectors = features.vectors(image, many_windows())
    weights = np.random.default_rng(0).normal(size=(3, features.dimensions)).astype(np.float32)

    margins = vectors.margins(weights, np.zeros(3, np.float32))

    np.testing.assert_allclose(margins, vectors.all() @ weights.T, rtol=1e-4, atol=1e-3)
    np.testing.assert_array_equal(vectors.take(np.array([5, 600])).all(), vectors.all()[[5, 600]])


@pytest.mark.parametrize(("layer", "width"), [("pool", 400), ("fc6", 6), ("fc7", 4)])
def test_vectors_go_through_the_heads_layers(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8], layer: Layer, width: int
) -> None:
    head = Head(400, 2, (6, 4)).eval().requires_grad_(False)
    features = replace(tiny_features, head=head, layer=layer)

    vectors = features.vectors(image, many_windows())

    pooled = tiny_features.vectors(image, many_windows()).all()
    assert features.dimensions == width
    np.testing.assert_allclose(vectors.all(), head.vectors(pooled, layer), rtol=1e-4, atol=1e-5)


def test_maps_of_another_backbone_power_or_size_are_told_apart(
    tiny_features: WindowFeatures, pooled_backbone: Backbone
) -> None:
    others = [
        replace(tiny_features, backbone=pooled_backbone),
        pooled_by(tiny_features, power=0.5),
        pooled_by(tiny_features, max_side=500),
    ]

    assert len({one.key() for one in (tiny_features, *others)}) == 4


def test_a_stem_that_lacks_a_map_has_its_last_one_for_it(pooled_backbone: Backbone) -> None:
    pooling = Pooling(views=(EARLIER, View(map="conv2")))

    names = WindowFeatures(pooled_backbone.split()[0], pooling).map_names

    assert names == ("conv1", "pool1")
