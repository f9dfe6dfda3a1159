"""Models of a few kilobytes, trained in a moment on squares, in the files that they are saved in."""

import importlib
import io
import warnings
from collections.abc import Mapping
from contextlib import chdir
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from sppnet import detector

if TYPE_CHECKING:
    from torch import nn

BACKBONE = "fault-tiny"
CLASSES = ("cat", "dog")

Files = Mapping[str, bytes]


def add_backbone() -> None:
    """Let this process know a backbone of two convolutions, so that all that models are read by takes milliseconds."""

    def layers() -> "nn.Sequential":
        from torch import nn

        return nn.Sequential(nn.Conv2d(3, 4, 5, 4), nn.ReLU(), nn.Conv2d(4, 4, 3, 2, 1), nn.ReLU())

    usual = next(iter(detector.BACKBONES.values()))
    tiny = usual._replace(build=layers, maps={"conv1": 2, "conv2": 4}, stem="conv1", imagenet=None, views=())
    detector.BACKBONES[BACKBONE] = tiny._replace(preprocessing="torchvision")


@cache
def detector_files(*, tuned: bool = False) -> Files:
    """Return the folder of a detector of two classes, with fully connected layers if it is tuned, as a dictionary."""
    model = detector.SPPNet(
        CLASSES,
        backbone=BACKBONE,
        weights="random",
        pooling=detector.Pooling(scales=(48,), views=(detector.View((1, 2)),)),
        training=detector.Training(mining=detector.Mining(C=0.01, memory=5_000_000), held_out=0.2),
        fine_tuning=detector.FineTuning(widths=(4,), epochs=1, windows=8) if tuned else None,
        layer="fc6" if tuned else "pool",
    )
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit([_example(number) for number in range(6)], workers=0, cache=Path(folder, "cache"), keep_examples=2)
        model.save(Path(folder, "model"))
        return _files(Path(folder, "model"))


@cache
def classifier_files() -> Files:
    """Return the folder of a classifier of two classes as a dictionary."""
    pictures = [(_example(number)[0], number % 2) for number in range(4)]
    model = detector.Classifier(CLASSES, backbone=BACKBONE, levels=(1, 2), widths=(4,))
    with TemporaryDirectory() as folder:
        model.fit(pictures, sizes=(32,), epochs=1, batch=2, held_out=0, workers=1)
        model.save(Path(folder, "model"))
        return _files(Path(folder, "model"))


@cache
def weights_files() -> Files:
    """Return the conv layers' weights in the formats that are read."""
    import torch

    layers = detector.load_backbone(BACKBONE, "random").layers
    files = {}
    for name, modern in (("new.pth", True), ("old.pth", False)):
        content = io.BytesIO()
        torch.save(layers.state_dict(), content, _use_new_zipfile_serialization=modern)
        files[name] = content.getvalue()
    with TemporaryDirectory() as folder:
        file = Path(folder, "weights.safetensors")
        detector.save_weights(file, layers, detector.PREPROCESSINGS["torchvision"], {})
        return files | _files(Path(folder))


@cache
def cache_files() -> Files:
    """Return what trainings keep: an array, and the state of a training."""
    cache = importlib.import_module("sppnet.detector.files.cache")  # inside, so no public names
    checkpoint = importlib.import_module("sppnet.detector.training.layers.checkpoint")
    import torch

    with TemporaryDirectory() as folder, chdir(folder):
        cache.ArrayCache(Path()).save("key", np.arange(12.0).reshape(3, 4))
        checkpoint.Checkpoint(Path()).save("key", {"step": 3, "weights": torch.arange(4.0)})
        return _files(Path())


def _example(number: int) -> tuple[Any, Any]:
    """Return a grey picture with a red and a blue square, its objects, and windows around them."""
    random = np.random.default_rng(number)
    image = random.integers(110, 130, (64, 96, 3)).astype(np.uint8)
    boxes = np.zeros((2, 4), np.float32)
    for label, colour in enumerate(((255, 40, 40), (40, 40, 255))):
        left, top = random.integers(2, 16) + 48 * label, random.integers(2, 30)
        image[top : top + 28, left : left + 28] = colour
        boxes[label] = left, top, left + 28, top + 28
    near = np.repeat(boxes, 8, axis=0) + random.integers(-6, 7, (16, 4))
    corners = random.integers(0, 40, (16, 2))
    windows = np.vstack([near, np.hstack([corners, corners + 20])]).clip(0, [96, 64, 96, 64]).astype(np.float32)
    objects = {"boxes": boxes, "labels": np.array([0, 1]), "difficult": np.zeros(2, np.bool_), "windows": windows}
    return image, objects


def _files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.suffix not in (".md", ".png")}
