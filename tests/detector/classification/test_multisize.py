"""Tests of the training at several sizes: which size when, that it learns, and that an interruption changes nothing."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn

from sppnet.detector.backbone.preprocessing import PREPROCESSINGS
from sppnet.detector.classification.labels import Quality, accuracy, read_labels
from sppnet.detector.classification.multisize import MultiSize, MultiSizeTraining
from sppnet.detector.errors import InputError
from sppnet.detector.pooling.head import Dropout
from sppnet.detector.pooling.pyramid_layer import PyramidPooling
from sppnet.detector.training.layers.checkpoint import Checkpoint
from tests.conftest import no_progress

Tensors = dict[str, torch.Tensor]
OPTIONS = MultiSize(
    (20, 16), "epochs", epochs=4, batch=4, learning_rate=1e-2, weight_decay=0.05, short_side=24, colours=0.1
)
STEPS = 4  # of an epoch: 13 images, at most four in a batch
COLOURS = ((230, 60, 60), (60, 60, 230))


def shape_image(number: int) -> tuple[npt.NDArray[np.uint8], int]:
    """Return a grey image with a red square (class 0) or a blue one (class 1)."""
    random = np.random.default_rng(number)
    image = random.integers(100, 140, (30, 40, 3)).astype(np.uint8)
    top, left = random.integers(0, 15), random.integers(0, 25)
    image[top : top + 15, left : left + 15] = COLOURS[number % 2]
    return image, number % 2


IMAGES = [shape_image(number) for number in range(20)]


def network(dropout: float) -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        layers = nn.Sequential(nn.Conv2d(3, 8, 5, 2), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3, 2), nn.ReLU())
        return nn.Sequential(layers, PyramidPooling((1, 2)), Dropout(dropout), nn.Linear(40, 2))


def train(
    folder: Path,
    options: MultiSize = OPTIONS,
    *,
    every: int = 100,
    seed: int = 0,
    held: int = 7,
    images: Any = IMAGES,
    dropout: float = 0.2,
    quality: Quality = accuracy,
    progress: Callable[[str, int, int], None] = no_progress,
) -> tuple[Tensors, dict[str, Any]]:
    """Return the weights that come of a training, and its history."""
    learner, numbers = network(dropout), np.arange(20)
    training = MultiSizeTraining(
        learner,
        PREPROCESSINGS["torchvision"],
        images,
        read_labels(images, 2, False),
        options,
        quality,
        fitting=numbers[7:],
        held=numbers[:held],
        seed=seed,
        device="cpu",
        workers=2,
    )
    return learner.state_dict(), training.run(Checkpoint(folder, every=every, name="test"), progress=progress)


def same(one: Tensors, other: Tensors) -> bool:
    return all(torch.equal(tensor, other[name]) for name, tensor in one.items())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tensors, dict[str, Any]]:
    """What comes of a training that nothing interrupts."""
    return train(tmp_path_factory.mktemp("whole"))


def test_epochs_take_the_sizes_by_turns() -> None:
    assert [OPTIONS.size(epoch, seed=3) for epoch in range(4)] == [20, 16, 20, 16]


def test_random_sizes_are_all_those_between_the_least_and_the_largest() -> None:
    options = replace(OPTIONS, schedule="random")
    sizes = [options.size(epoch, seed=3) for epoch in range(200)]

    assert set(sizes) == {16, 17, 18, 19, 20}
    assert sizes == [options.size(epoch, seed=3) for epoch in range(200)]
    assert sizes != [options.size(epoch, seed=4) for epoch in range(200)]


def test_the_history_has_losses_sizes_and_a_score_for_each_size(whole: tuple[Tensors, dict[str, Any]]) -> None:
    history = whole[1]

    assert history["sizes"] == [20, 16, 20, 16]
    assert history["losses"][-1] < history["losses"][0]
    assert {size: len(scores) for size, scores in history["scores"].items()} == {"20": 4, "16": 4}
    assert history["scores"]["20"][-1] > 0.7


def test_scores_are_those_of_the_measure_that_is_given(tmp_path: Path) -> None:
    seen: list[tuple[Any, ...]] = []

    def quality(scores: npt.NDArray[np.float32], marks: npt.NDArray[np.int8]) -> float:
        seen.append((scores.shape, marks.tolist()))
        return len(seen) / 3

    history = train(tmp_path, replace(OPTIONS, epochs=2), held=3, quality=quality)[1]

    assert seen == 4 * [((3, 2), [[1, -1], [-1, 1], [1, -1]])]
    assert history["scores"] == {"20": [0.3333, 1.0], "16": [0.6667, 1.3333]}


def test_without_held_out_images_there_are_no_scores(tmp_path: Path) -> None:
    assert train(tmp_path, held=0)[1]["scores"] == {"20": [], "16": []}


def test_inputs_have_the_size_of_their_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, ...]] = []

    def scores(self: MultiSizeTraining, pixels: list[torch.Tensor]) -> torch.Tensor:
        seen.append((len(pixels), *pixels[0].shape[1:]))
        return plain(self, pixels)

    plain = MultiSizeTraining._scores
    monkeypatch.setattr(MultiSizeTraining, "_scores", scores)
    train(tmp_path, replace(OPTIONS, epochs=2), held=0)

    assert seen == [(size, 3, side, side) for side in (20, 16) for size in (4, 3, 3, 3)]  # every image once


def test_the_same_seed_gives_the_same_weights(tmp_path: Path, whole: tuple[Tensors, dict[str, Any]]) -> None:
    assert same(train(tmp_path / "same")[0], whole[0])
    assert not same(train(tmp_path / "other", seed=1)[0], whole[0])


@pytest.mark.parametrize("step", [1, STEPS, STEPS + 3])
def test_an_interrupted_training_ends_with_the_same_weights(
    tmp_path: Path, whole: tuple[Tensors, dict[str, Any]], step: int
) -> None:
    def interrupt(stage: str, done: int, total: int) -> None:
        if done == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, every=2, progress=interrupt)
    weights, history = train(tmp_path, every=2)

    assert same(weights, whole[0])
    assert history == whole[1]


OTHER = [*IMAGES[:-1], (255 - IMAGES[-1][0], IMAGES[-1][1])]


@pytest.mark.parametrize(
    "change",
    [
        {"options": replace(OPTIONS, sizes=(20, 17))},
        {"options": replace(OPTIONS, schedule="random")},
        {"options": replace(OPTIONS, batch=5)},
        {"options": replace(OPTIONS, colours=0.0)},
        {"images": OTHER},
        {"dropout": 0.6},
        {"quality": lambda scores, marks: 0.5},
    ],
)
def test_the_state_of_another_training_is_not_taken_up(tmp_path: Path, change: dict[str, Any]) -> None:
    steps: list[int] = []
    train(tmp_path)

    train(tmp_path, **change, progress=lambda stage, done, total: steps.append(done))

    assert steps[0] == 1


def test_progress_counts_all_steps(tmp_path: Path, reports: Any) -> None:
    train(tmp_path, progress=reports[1])

    assert reports[0] == [("training", step, 4 * STEPS) for step in range(1, 4 * STEPS + 1)]


def test_an_image_of_another_type_is_named(tmp_path: Path) -> None:
    images = [(image / 255, label) for image, label in IMAGES]

    with pytest.raises(InputError, match=r"image \d+: must be a uint8 array"):
        train(tmp_path, images=images)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sizes": ()}, "sizes must be one or more different sides"),
        ({"sizes": (20, 20)}, "sizes must be one or more different sides"),
        ({"schedule": "both"}, "schedule must be epochs or random, not 'both'"),
        ({"epochs": 0}, "epochs must be positive"),
        ({"learning_rate": float("nan")}, "learning_rate must be positive and finite"),
        ({"weight_decay": -1.0}, "weight_decay must be finite and not negative"),
        ({"short_side": 19}, "short_side must be at least the largest size, 20, not 19"),
    ],
)
def test_settings_out_of_range_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(OPTIONS, **change)
