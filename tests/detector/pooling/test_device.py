"""Tests of vectors on another device against those of the CPU's own loops.

The CPU by another name takes the path of a GPU, so that it is tested without one; where there is one, that too.
"""

import copy
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from sppnet.detector import RCNN, FineTuning, SPPNet, Training, load_detector
from sppnet.detector.backbone.backbone import Backbone, to_tensor
from sppnet.detector.backbone.engines.torch_engine import full_float32
from sppnet.detector.pooling.device import DeviceVectors, TensorVectors
from sppnet.detector.pooling.differentiable import pool_differentiably
from sppnet.detector.pooling.features import WindowFeatures
from sppnet.detector.pooling.head import Head
from sppnet.detector.pooling.regions import pool_tensors
from sppnet.detector.pooling.settings import CONTEXT, Pooling, View
from sppnet.detector.pooling.vectors import Vectors, WindowVectors
from sppnet.detector.rcnn import WarpedFeatures
from sppnet.detector.timing import Stopwatch, stage
from sppnet.detector.training.images import TrainingImages
from sppnet.detector.types import Target
from sppnet.proposals import SelectiveSearch
from tests.conftest import no_progress
from tests.detector.pooling.pooled import pooled

NEEDS_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU here")
devices = pytest.mark.parametrize("device", ["cpu:0", pytest.param("cuda", marks=NEEDS_GPU)])
SIZE = (120, 160)  # of the image
TOLERANCE = 1e-3  # of the largest value, as the module promises
Squares = list[tuple[npt.NDArray[np.uint8], Target]]


@pytest.fixture
def image() -> npt.NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (*SIZE, 3)).astype(np.uint8)


@pytest.fixture
def windows() -> npt.NDArray[np.float32]:
    corners = np.random.default_rng(1).integers(0, 100, (60, 2))
    sides = np.random.default_rng(2).integers(5, 60, (60, 2))
    return np.hstack([corners, np.minimum(corners + sides, [160, 120])]).astype(np.float32)


KINDS: dict[str, dict[str, Any]] = {
    "one scale": {},
    "several scales": {"scales": (96, 240, 480)},
    "context": {"views": (View(), *CONTEXT)},
    "two views of a window and context": {"views": (View(), *CONTEXT, View((1, 2, 3)))},
    "power": {"power": 0.5},
    "levels that torchvision cuts otherwise": {"views": (View((7, 2)),)},
}
TWO_MAPS = (View(), *CONTEXT, View((1, 2, 3), map="conv2"))
kinds = pytest.mark.parametrize("settings", KINDS.values(), ids=KINDS)


def with_head(features: WindowFeatures) -> WindowFeatures:
    """Return features of fc7, after a head with random weights and a scaling."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        head = Head(features.pooled_dimensions, 3, (20, 10)).eval().requires_grad_(False)
        head.mean.normal_()
        head.factors.uniform_(0.5, 1)
    return replace(features, head=head, layer="fc7")


def pooled_by(features: WindowFeatures, **settings: Any) -> WindowFeatures:
    return replace(features, pooling=replace(features.pooling, **settings))


def moved(features: WindowFeatures, device: str) -> WindowFeatures:
    """Return the features with backbone and head on a device."""
    backbone = features.backbone
    assert isinstance(backbone, Backbone)
    there = Backbone(
        backbone.name,
        copy.deepcopy(backbone.layers),
        backbone.preprocessing,
        maps={name: map.depth for name, map in backbone.maps.items()},
        device=device,
    )
    return replace(features, backbone=there, head=copy.deepcopy(features.head).to(device) if features.head else None)


def vectors_of(features: Any, image: npt.NDArray[np.uint8], windows: npt.NDArray[np.float32]) -> Vectors:
    found: Vectors = features.vectors(image, windows)
    return found


def assert_close(actual: npt.NDArray[np.float32], expected: npt.NDArray[np.float32]) -> None:
    np.testing.assert_allclose(actual, expected, rtol=0, atol=TOLERANCE * np.abs(expected).max(initial=1e-30))


@kinds
@devices
def test_vectors_are_pooled_bit_for_bit_as_on_the_cpu(
    tiny_features: WindowFeatures,
    image: npt.NDArray[np.uint8],
    windows: npt.NDArray[np.float32],
    settings: Mapping[str, Any],
    device: str,
) -> None:
    features = pooled_by(tiny_features, **settings)
    scales = features.scales_of(windows, SIZE)
    maps = features.maps(image, features.scales, windows)

    vectors = moved(features, device).project(maps, windows, scales, SIZE)

    assert isinstance(vectors, DeviceVectors)
    np.testing.assert_array_equal(vectors.all(), features.project(maps, windows, scales, SIZE).all())


@kinds
@devices
def test_margins_agree_with_those_of_the_cpu(
    tiny_features: WindowFeatures,
    image: npt.NDArray[np.uint8],
    windows: npt.NDArray[np.float32],
    settings: Mapping[str, Any],
    device: str,
) -> None:
    features = pooled_by(tiny_features, **settings)
    weights = np.random.default_rng(3).normal(size=(4, features.dimensions)).astype(np.float32)
    biases = np.array([1, 2, 3, 4], np.float32)

    margins = vectors_of(moved(features, device), image, windows).margins(weights, biases)

    assert margins.dtype == np.float32
    assert_close(margins, vectors_of(features, image, windows).margins(weights, biases))


@devices
def test_vectors_after_fully_connected_layers_agree_with_those_of_the_cpu(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8], windows: npt.NDArray[np.float32], device: str
) -> None:
    features = with_head(tiny_features)

    vectors = vectors_of(moved(features, device), image, windows).all()

    assert vectors.shape == (60, 10)
    assert_close(vectors, vectors_of(features, image, windows).all())


@devices
def test_a_head_leaves_pooled_vectors_as_they_are_for_the_layer_pool(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8], windows: npt.NDArray[np.float32], device: str
) -> None:
    maps, scales = tiny_features.maps(image, (96,), windows), tiny_features.scales_of(windows, SIZE)
    headed = replace(with_head(tiny_features), layer="pool")

    vectors = moved(headed, device).project(maps, windows, scales, SIZE).all()

    np.testing.assert_array_equal(vectors, tiny_features.project(maps, windows, scales, SIZE).all())


@pytest.mark.parametrize("block_bytes", [1, 5 * 4 * 8 * 50, 1 << 28])
def test_the_size_of_blocks_changes_no_vector(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8], windows: npt.NDArray[np.float32], block_bytes: int
) -> None:
    whole = vectors_of(pooled_by(tiny_features, scales=(96, 240)), image, windows)
    assert isinstance(whole, WindowVectors)

    blocks = DeviceVectors.on("cpu", whole, block_bytes=block_bytes)

    np.testing.assert_array_equal(blocks.all(), whole.all())


@devices
def test_taken_windows_keep_their_vectors(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8], windows: npt.NDArray[np.float32], device: str
) -> None:
    vectors = vectors_of(moved(pooled_by(tiny_features, scales=(96, 240)), device), image, windows)
    chosen = np.array([50, 3, 3, 7])

    np.testing.assert_array_equal(vectors.take(chosen).all(), vectors.all()[chosen])


@kinds
@devices
def test_no_windows_give_no_vectors(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8], settings: Mapping[str, Any], device: str
) -> None:
    features = moved(with_head(pooled_by(tiny_features, **settings)), device)
    none = np.zeros((0, 4), np.float32)

    vectors = features.vectors(image, none)

    assert vectors.all().shape == (0, 10)
    assert vectors.margins(np.zeros((3, 10), np.float32), np.zeros(3, np.float32)).shape == (0, 3)


@devices
def test_maps_stay_on_the_device(tiny_features: WindowFeatures, image: npt.NDArray[np.uint8], device: str) -> None:
    [map] = moved(tiny_features, device).maps(image, (96,), np.zeros((0, 4), np.float32)).values()

    assert isinstance(map, torch.Tensor)
    assert map.device.type == torch.device(device).type
    assert_close(map.cpu().numpy(), tiny_features.backbone.map(image, 96))


def test_stages_are_timed(
    tiny_features: WindowFeatures, image: npt.NDArray[np.uint8], windows: npt.NDArray[np.float32]
) -> None:
    features, clock = moved(with_head(tiny_features), "cpu:0"), Stopwatch()

    vectors = features.vectors(image, windows, clock)
    vectors.margins(np.zeros((3, 10), np.float32), np.zeros(3, np.float32), clock)

    assert set(clock.seconds) == {"conv", "pooling", "fc", "scores"}


def test_a_stage_without_a_clock_runs() -> None:
    with stage(None, "conv", "cpu"):
        pass


@pytest.mark.parametrize("levels", [(1, 2, 3, 6), (7,), (4, 11)])
def test_every_length_is_cut_as_the_cpu_cuts_it(levels: tuple[int, ...]) -> None:
    map = np.random.default_rng(0).normal(size=(2, 130, 1)).astype(np.float32)
    cells = np.array([[0, 0, length, 2] for length in range(1, 131)], np.int32)

    found = pool_tensors(to_tensor(map), cells, levels)

    np.testing.assert_array_equal(found.numpy(), pooled(map, cells, levels))


def test_the_gradient_is_that_of_the_cpus_pooling() -> None:
    map = to_tensor(np.random.default_rng(0).permutation(4 * 9 * 11).reshape(9, 11, 4).astype(np.float32))
    cells = np.array([[0, 0, 11, 9], [2, 3, 4, 4], [1, 1, 8, 9]], np.int32)
    ours, theirs = (map.clone().requires_grad_() for _ in range(2))
    slopes = torch.from_numpy(np.random.default_rng(1).normal(size=(3, 200)).astype(np.float32))

    (pool_differentiably(ours, cells) * slopes).sum().backward()  # type: ignore[no-untyped-call]
    (pool_tensors(theirs, cells) * slopes).sum().backward()  # type: ignore[no-untyped-call]

    torch.testing.assert_close(theirs.grad, ours.grad)


def test_full_float32_blocks_of_threads_may_overlap() -> None:
    before = full()
    first, second = full_float32(), full_float32()

    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    between = full()
    second.__exit__(None, None, None)

    assert (between, full()) == (True, before)


def test_convolutions_are_in_full_float32_inside_the_block_only() -> None:
    before = torch.backends.cudnn.allow_tf32

    with full_float32():
        inside = full()

    assert (inside, torch.backends.cudnn.allow_tf32) == (True, before)


def full() -> bool:
    """Return whether conv layers are set to full float32, in the words of torch 2.9 or of those before it."""
    cudnn: Any = torch.backends.cudnn
    return cudnn.conv.fp32_precision == "ieee" if hasattr(cudnn, "conv") else not cudnn.allow_tf32


@devices
def test_the_vectors_of_rcnn_agree_with_those_of_the_cpu(
    tiny_backbone: Backbone, image: npt.NDArray[np.uint8], windows: npt.NDArray[np.float32], device: str
) -> None:
    there = Backbone("tiny", copy.deepcopy(tiny_backbone.layers), tiny_backbone.preprocessing, device=device)
    weights, biases = np.ones((2, 8 * 50), np.float32), np.array([0, 1], np.float32)

    vectors = vectors_of(WarpedFeatures(there), image, windows[:3])

    assert isinstance(vectors, TensorVectors)
    expected = vectors_of(WarpedFeatures(tiny_backbone), image, windows[:3])
    assert_close(vectors.all(), expected.all())
    assert_close(vectors.margins(weights, biases), expected.margins(weights, biases))
    assert_close(vectors.take(np.array([2, 2])).all(), expected.all()[[2, 2]])


@devices
def test_rcnn_has_no_vectors_without_windows(
    tiny_backbone: Backbone, image: npt.NDArray[np.uint8], device: str
) -> None:
    there = Backbone("tiny", copy.deepcopy(tiny_backbone.layers), tiny_backbone.preprocessing, device=device)

    assert vectors_of(WarpedFeatures(there), image, np.zeros((0, 4), np.float32)).all().shape == (0, 8 * 50)


@devices
def test_maps_in_the_cache_are_those_of_the_cpu(
    tmp_path: Path, tiny_features: WindowFeatures, squares: Squares, device: str
) -> None:
    kept = []
    for name, features in (("cpu", tiny_features), ("there", moved(tiny_features, device))):
        images = TrainingImages(("red", "blue"), features, tmp_path / name)
        images.prepare(squares[:1], SelectiveSearch(limit=10), workers=0, progress=no_progress, total=1)
        kept.append(images.maps(0, (96,))["96-conv2"])

    assert_close(kept[1], kept[0])


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (SPPNet, {}),
        (RCNN, {}),
        (SPPNet, {"fine_tuning": FineTuning(widths=(16,), epochs=1, reduction=8, unfreeze=True), "layer": "fc6"}),
        (SPPNet, {"fine_tuning": FineTuning(widths=(8, 8), epochs=1, reduction=8), "scores": "softmax"}),
        (SPPNet, {"fine_tuning": FineTuning(epochs=1), "pooling": Pooling((96, 160), views=TWO_MAPS)}),
    ],
    ids=["pooled", "R-CNN", "fc6 and conv layers", "softmax of fc7", "context, two maps, two scales"],
)
@devices
def test_a_model_trained_on_a_device_detects_there_what_it_does_on_the_cpu(
    tmp_path: Path, squares: Squares, kind: type[SPPNet], settings: dict[str, Any], device: str
) -> None:
    settings = {"pooling": Pooling((96,)), "backbone": "alexnet", "weights": "random", **settings}
    search, training = SelectiveSearch(limit=8), Training(held_out=0.25)
    model = kind(("red", "blue"), search=search, training=training, device=device, **settings)
    model.fit(squares[:4], workers=0)
    model.save(tmp_path / "model")
    image, windows = squares[5][0], search(squares[5][0])

    [there] = load_detector(tmp_path / "model", device=device).predict([image], windows=[windows])
    [here] = load_detector(tmp_path / "model").predict([image], windows=[windows])

    assert there["labels"].tolist() == here["labels"].tolist()
    np.testing.assert_allclose(there["margins"], here["margins"], rtol=0, atol=1e-3)
    np.testing.assert_allclose(there["boxes"], here["boxes"], rtol=0, atol=0.1)
