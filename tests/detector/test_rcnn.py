"""Tests of the baseline: the windows of R-CNN's release, what conv layers see of them, and the detector as a whole."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch.nn.functional import adaptive_max_pool2d

from sppnet.detector import (
    CONTEXT,
    RCNN,
    FineTuning,
    Inference,
    InputError,
    Mining,
    Pooling,
    Training,
    View,
    load_detector,
)
from sppnet.detector.backbone.backbone import Backbone
from sppnet.detector.backbone.conv_layers import ConvLayers
from sppnet.detector.rcnn import BATCH, SIDE, WarpedFeatures, context_window, warped
from sppnet.detector.scoring.boxes import iou
from sppnet.detector.training.images import TrainingImages
from sppnet.detector.types import Floats, Target
from sppnet.proposals import SelectiveSearch
from tests.conftest import no_progress, square_image, windows_near, with_windows

NONE = np.zeros((0, 4), np.float32)
UNSCALED = np.array([100, 50, 294, 244], np.float32)
WHITE = np.full((100, 100, 3), 255, np.uint8)


def of_release(x1: int, y1: int, x2: int, y2: int) -> npt.NDArray[np.float32]:
    """Return a window whose coordinates count from 1 and include the last pixel as one of ours."""
    return np.array([x1 - 1, y1 - 1, x2, y2], np.float32)


@pytest.mark.parametrize(
    ("window", "enlarged"),
    [((50, 60, 149, 259), (42, 44, 158, 276)), ((1, 1, 100, 100), (-7, -7, 109, 109))],
)
def test_windows_are_enlarged_as_in_the_release(
    window: tuple[int, int, int, int], enlarged: tuple[int, int, int, int]
) -> None:
    np.testing.assert_array_equal(context_window(of_release(*window)), of_release(*enlarged))


def seen(image: npt.NDArray[np.uint8], window: Floats, backbone: ConvLayers) -> Floats:
    """Return what the conv layers see of one window."""
    return warped(backbone.preprocessing(image), window[None])


def test_a_window_of_194_pixels_is_warped_by_nothing() -> None:
    # 227 of 195 pixels are 226 of 194, and the release's windows are one longer: 16 before and 17 after.
    np.testing.assert_array_equal(context_window(UNSCALED), [84, 34, 311, 261])


def test_what_lies_outside_the_image_is_zero(pooled_backbone: Backbone) -> None:
    pixels = seen(WHITE, np.array([0, 0, 100, 100], np.float32), pooled_backbone)[0]

    # The window is -8 to 109, so that 117 pixels become 227: the image lies from 8 * 227 / 117 = 15.5 to 209.5.
    white = pooled_backbone.preprocessing(WHITE[:1, :1])[0]
    np.testing.assert_allclose(pixels[:, 16:210, 16:210], np.broadcast_to(white, (3, 194, 194)), rtol=1e-6)
    assert not pixels[:, :16].any() and not pixels[:, 210:].any()
    assert not pixels[:, :, :16].any() and not pixels[:, :, 210:].any()


def test_a_window_that_needs_no_scaling_is_cut_out_as_it_is(pooled_backbone: Backbone) -> None:
    image = np.random.default_rng(0).integers(0, 256, (300, 400, 3)).astype(np.uint8)

    pixels = seen(image, UNSCALED, pooled_backbone)

    np.testing.assert_array_equal(pixels, pooled_backbone.preprocessing(np.ascontiguousarray(image[34:261, 84:311])))


@pytest.mark.parametrize("window", [(-300, 10, -200, 90), (10, 400, 90, 500), (101, 101, 101.5, 102), (-9, 5, -8, 99)])
def test_a_window_outside_the_image_is_zero(pooled_backbone: Backbone, window: tuple[float, ...]) -> None:
    assert not seen(WHITE, np.array(window, np.float32), pooled_backbone).any()


@pytest.mark.parametrize("window", [(0, 0, 1, 1), (0.2, 0.3, 0.4, 0.5), (-5, -5, 6, 6)])
def test_an_image_of_one_pixel_is_seen(pooled_backbone: Backbone, window: tuple[float, ...]) -> None:
    pixels = seen(WHITE[:1, :1], np.array(window, np.float32), pooled_backbone)[0]

    assert np.isfinite(pixels).all()
    white = pooled_backbone.preprocessing(WHITE[:1, :1])[0, :, 0, 0]
    np.testing.assert_allclose(pixels[:, SIDE // 2, SIDE // 2], white, rtol=1e-6)


@pytest.mark.parametrize("shape", [(1, 300), (300, 1), (2, 3)])
def test_windows_of_thin_images_are_seen(pooled_backbone: Backbone, shape: tuple[int, int]) -> None:
    window = np.array([0, 0, shape[1], shape[0]], np.float32)

    image = WHITE[:1, :1].repeat(shape[0], 0).repeat(shape[1], 1)

    assert np.isfinite(seen(image, window, pooled_backbone)).all()


@pytest.fixture
def features(pooled_backbone: Backbone) -> WarpedFeatures:
    return WarpedFeatures(pooled_backbone, (1, 2))


def vectors_of(features: WarpedFeatures, windows: npt.NDArray[np.float32]) -> Any:
    image = square_image(1)[0]
    return features.vectors(image, windows)


def test_a_vector_is_the_pyramid_of_the_warped_windows_map(features: WarpedFeatures) -> None:
    windows = windows_near(1)[:3]
    image, backbone = square_image(1)[0], features.backbone
    maps = [torch.as_tensor(backbone.convolve(seen(image, window, backbone))) for window in windows]
    expected = [
        torch.cat([adaptive_max_pool2d(map, level)[0].flatten(1).T.flatten() for level in (1, 2)]) for map in maps
    ]

    np.testing.assert_allclose(vectors_of(features, windows).all(), torch.stack(expected), rtol=1e-4, atol=1e-5)


def test_batches_change_no_vector(features: WarpedFeatures) -> None:
    windows = windows_near(1)[: 2 * BATCH + 1]

    together, alone = vectors_of(features, windows).all(), vectors_of(features, windows[-1:]).all()

    np.testing.assert_allclose(together[-1:], alone, rtol=1e-4, atol=1e-5)


def test_taken_windows_keep_their_vectors_and_margins(features: WarpedFeatures) -> None:
    vectors, chosen = vectors_of(features, windows_near(1)[:5]), np.array([4, 0, 4])
    weights = np.random.default_rng(0).normal(size=(2, features.dimensions)).astype(np.float32)
    biases = np.array([1, 2], np.float32)

    taken = vectors.take(chosen)

    np.testing.assert_array_equal(taken.all(), vectors.all()[chosen])
    np.testing.assert_allclose(
        taken.margins(weights, biases), vectors.all()[chosen] @ weights.T + biases, rtol=1e-4, atol=1e-5
    )


def test_no_windows_give_no_vectors(features: WarpedFeatures) -> None:
    vectors = vectors_of(features, NONE)

    assert vectors.all().shape == (0, 40) == (0, features.dimensions)
    assert vectors.margins(np.zeros((3, 40), np.float32), np.zeros(3, np.float32)).shape == (0, 3)


def test_vectors_of_other_levels_are_told_apart(pooled_backbone: Backbone) -> None:
    assert WarpedFeatures(pooled_backbone, (1, 2)).key() != WarpedFeatures(pooled_backbone, (1, 3)).key()


def new_model(backbone: str, **settings: Any) -> RCNN:
    mining = Mining(C=0.01, memory=50_000_000)
    return RCNN(
        ("red", "blue"),
        backbone=backbone,
        weights="random",
        pooling=Pooling(views=(View((1, 3)),)),
        training=Training(mining=mining, penalty=100.0),
        **settings,
    )


@pytest.fixture(scope="module")
def model(pooled_name: str, squares: list[tuple[npt.NDArray[np.uint8], Target]]) -> RCNN:
    windows = [windows_near(number)[::2] for number in range(16)]
    fitted = new_model(pooled_name).fit(with_windows(squares, windows), workers=0)
    assert isinstance(fitted, RCNN)
    return fitted


def test_the_squares_of_an_unseen_image_are_found(model: RCNN) -> None:
    image, target = square_image(99)

    [found] = model.predict([image], windows=[windows_near(99)])

    best = [int(np.flatnonzero(found["labels"] == label)[0]) for label in (0, 1)]
    assert np.diag(iou(found["boxes"][best], target["boxes"])).min() > 0.5
    assert list(found["milliseconds"]) == ["warping", "conv", "pooling", "scores", "suppression", "regression"]


def test_no_windows_give_no_detections(model: RCNN) -> None:
    [found] = model.predict([square_image(99)[0]], windows=[NONE])

    assert found["boxes"].shape == (0, 4) and found["labels"].shape == (0,) == found["scores"].shape


def test_there_are_no_scales_to_choose(model: RCNN) -> None:
    with pytest.raises(InputError, match=r"R-CNN warps every window to 227 pixels: .* as \[480, 600\]"):
        model.predict([square_image(99)[0]], windows=[windows_near(99)], inference=Inference(scales=(480, 600)))


def test_the_mirror_image_counts_on_request(model: RCNN) -> None:
    image, windows = square_image(99)[0], windows_near(99)

    [straight], [both] = (
        model.predict([image], windows=[windows], inference=Inference(mirror=mirror)) for mirror in (False, True)
    )

    assert len(both["margins"]) and both["margins"][0] != straight["margins"][0]


def test_a_saved_model_is_an_rcnn_again_and_predicts_the_same(model: RCNN, tmp_path: Path) -> None:
    image, windows = square_image(99)[0], windows_near(99)
    model.save(tmp_path / "model")

    loaded = load_detector(tmp_path / "model")

    [before], [after] = (one.predict([image], windows=[windows]) for one in (model, loaded))
    assert type(loaded) is RCNN and len(after["boxes"])
    np.testing.assert_array_equal(before["boxes"], after["boxes"])
    np.testing.assert_array_equal(before["margins"], after["margins"])


def test_a_cache_has_no_vectors_for_other_windows(features: WarpedFeatures, tmp_path: Path) -> None:
    windows = windows_near(1)[:3]
    prepared_for(features, tmp_path, windows)

    images = prepared_for(features, tmp_path, windows[::-1])

    np.testing.assert_allclose(
        images.vectors(0).all()[:3], vectors_of(features, windows[::-1]).all(), rtol=1e-3, atol=1e-3
    )


def prepared_for(features: WarpedFeatures, folder: Path, windows: npt.NDArray[np.float32]) -> TrainingImages:
    return TrainingImages(("red", "blue"), features, folder).prepare(
        with_windows([square_image(1)], [windows]), SelectiveSearch(), workers=0, progress=no_progress, total=1
    )


@pytest.mark.parametrize(
    "setting",
    [
        {"fine_tuning": FineTuning()},
        {"pooling": Pooling().with_views(*CONTEXT)},
        {"pooling": Pooling(views=(View(map="stage4"),))},
        {"pooling": Pooling(views=(View(enlargement=2.0),))},
        {"pooling": Pooling(power=0.5)},
    ],
)
def test_what_needs_maps_of_whole_images_is_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="R-CNN has no maps of whole images"):
        RCNN(("red",), **setting)


def test_the_plan_grows_with_images(pooled_name: str) -> None:
    one, many = (new_model(pooled_name).plan(images) for images in (1, 100))

    assert many["seconds"] == 100 * one["seconds"] and many["disk_bytes"] == 100 * one["disk_bytes"]
