"""What several test files start from: backbones of a few layers and images of coloured squares."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn

from sppnet.detector.backbone.backbone import Backbone
from sppnet.detector.backbone.networks.table import BACKBONES, Network
from sppnet.detector.backbone.preprocessing import PREPROCESSINGS
from sppnet.detector.backbone.weights import load_backbone
from sppnet.detector.pooling.features import WindowFeatures
from sppnet.detector.pooling.settings import Pooling, View
from sppnet.detector.training.images import TrainingImages
from sppnet.detector.types import Target
from sppnet.proposals import SelectiveSearch

COLOURS = ((255, 40, 40), (40, 40, 255))


@pytest.fixture(scope="session")
def tiny_backbone() -> Backbone:
    """Two conv layers with random weights: 8 channels, stride 4."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        layers = nn.Sequential(nn.Conv2d(3, 8, 5, 2), nn.ReLU(), nn.Conv2d(8, 8, 3, 2), nn.ReLU())
    return Backbone("tiny", layers, PREPROCESSINGS["torchvision"], maps={"conv1": 2, "conv2": 4})


def pooled_layers() -> nn.Sequential:
    """Return two conv layers with a pooling between them: 8 channels, stride 4."""
    return nn.Sequential(nn.Conv2d(3, 8, 5, 2), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Conv2d(8, 8, 3, 1, 1), nn.ReLU())


@pytest.fixture(scope="session")
def pooled_name() -> Iterator[str]:
    """Return the name under which those layers are a backbone that models can be trained on and loaded with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BACKBONES, "pooled", Network(pooled_layers, {"conv1": 2, "pool1": 3, "conv2": 5}, stem="pool1"))
        yield "pooled"


@pytest.fixture(scope="session")
def pooled_backbone(pooled_name: str) -> Backbone:
    """Return the layers with random weights."""
    return load_backbone(pooled_name, "random", seed=3)


@pytest.fixture(scope="session")
def tiny_features(tiny_backbone: Backbone) -> WindowFeatures:
    """Vectors of 8 x 50 values at a short side of 96 pixels."""
    return WindowFeatures(tiny_backbone, Pooling(scales=(96,)))


@pytest.fixture(scope="session")
def squares() -> list[tuple[npt.NDArray[np.uint8], Target]]:
    """Sixteen grey images with a red square (class 0) and a blue one (class 1, difficult in every fourth image)."""
    return [square_image(number) for number in range(16)]


def square_image(number: int) -> tuple[npt.NDArray[np.uint8], Target]:
    """Return one such image, 96 pixels high and 128 wide, and its target."""
    random = np.random.default_rng(number)
    image = random.integers(110, 130, (96, 128, 3)).astype(np.uint8)
    boxes = np.zeros((2, 4), np.float32)
    for label, colour in enumerate(COLOURS):
        side, left, top = random.integers(24, 44), random.integers(0, 20) + 64 * label, random.integers(0, 50)
        image[top : top + side, left : left + side] = colour
        boxes[label] = left, top, left + side, top + side
    return image, {"boxes": boxes, "labels": np.array([0, 1]), "difficult": np.array([False, number % 4 == 0])}


def windows_near(number: int) -> npt.NDArray[np.float32]:
    """Return 60 windows of such an image, two thirds of them around its squares."""
    random = np.random.default_rng([7, number])
    near = np.repeat(square_image(number)[1]["boxes"], 20, axis=0) + random.normal(0, 8, (40, 4))
    corners = random.uniform(0, 60, (20, 2))
    windows = np.concatenate([near, np.hstack([corners, corners + random.uniform(10, 36, (20, 2))])])
    windows[:, 2:] = np.maximum(windows[:, 2:], windows[:, :2] + 4)
    return np.asarray(np.clip(windows, 0, [128, 96, 128, 96]), np.float32)


@pytest.fixture
def prepared(
    tmp_path: Path, tiny_features: WindowFeatures, squares: list[tuple[npt.NDArray[np.uint8], Target]]
) -> TrainingImages:
    """The squares, with windows and maps."""
    images = TrainingImages(("red", "blue"), tiny_features, tmp_path)
    return images.prepare(squares, SelectiveSearch(limit=100), workers=0, progress=no_progress, total=16)


def no_progress(stage: str, done: int, total: int) -> None:
    """Take a report of progress and forget it."""


Report = tuple[str, int, int]


@pytest.fixture
def reports() -> tuple[list[Report], Callable[[str, int, int], None]]:
    """A list, and a progress callback that writes to it."""
    written: list[Report] = []
    return written, lambda stage, done, total: written.append((stage, done, total))


NOTHING: Target = {
    "boxes": np.zeros((0, 4), np.float32),
    "labels": np.zeros(0, np.int64),
    "difficult": np.zeros(0, np.bool_),
}


def with_windows(pairs: Iterable[tuple[Any, Target]], windows: Iterable[Any]) -> list[tuple[Any, Target]]:
    """Return images whose targets hold these windows."""
    return [(image, {**target, "windows": boxes}) for (image, target), boxes in zip(pairs, windows, strict=True)]


def prepared_for(
    backbone: Backbone, folder: Path, pairs: Sequence[tuple[Any, Target]], windows: list[Any]
) -> TrainingImages:
    features = WindowFeatures(backbone, Pooling(scales=(96, 64), views=(View((1, 2)),)))
    return TrainingImages(("red", "blue"), features, folder).prepare(
        with_windows(pairs, windows),
        SelectiveSearch(),
        workers=0,
        progress=no_progress,
        total=len(pairs),
        flips=True,
        all_scales=True,
    )


@pytest.fixture(scope="session")
def images(
    tmp_path_factory: pytest.TempPathFactory, pooled_backbone: Backbone, squares: list[tuple[Any, Target]]
) -> TrainingImages:
    """The squares, with the maps of the layers up to the pooling."""
    windows = [windows_near(number) for number in range(16)]
    return prepared_for(pooled_backbone.split()[0], tmp_path_factory.mktemp("images"), squares, windows)
