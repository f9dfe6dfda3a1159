"""Tests of fine-tuning: which windows, that layers learn, and that an interruption changes no bit of them."""

from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from sklearn.decomposition import PCA
from torch import nn

from sppnet.detector.backbone.backbone import Backbone, to_tensor
from sppnet.detector.errors import InputError
from sppnet.detector.pooling.features import WindowFeatures
from sppnet.detector.pooling.settings import CONTEXT, Pooling, View
from sppnet.detector.training.finetuning import _Run, fine_tune, principal_channels
from sppnet.detector.training.images import TrainingImages
from sppnet.detector.training.layers.checkpoint import Checkpoint
from sppnet.detector.training.settings import PRESETS, FineTuning
from sppnet.detector.types import Target
from sppnet.proposals import SelectiveSearch
from tests.conftest import NOTHING, no_progress, prepared_for, square_image, windows_near, with_windows

Tensors = dict[str, torch.Tensor]
NONE = np.zeros((0, 4), np.float32)
EARLIER = View((1, 2, 3), map="conv1")
STEPS = 6  # of an epoch: twelve images, two in a batch


class Training:
    """What stays the same of the trainings here."""

    def __init__(self, images: TrainingImages, backbone: Backbone) -> None:
        self.images, self.backbone, self.history = images, backbone, dict[str, Any]()

    def __call__(
        self,
        folder: Path,
        *,
        progress: Callable[[str, int, int], None] = no_progress,
        held: int = 4,
        seed: int = 0,
        pooling: dict[str, Any] | None = None,
        note: Callable[[dict[str, Any]], None] = lambda line: None,
        **options: Any,
    ) -> Tensors:
        """Return the weights of tail and head."""
        settings = {"widths": (12,), "epochs": 3, "windows": 24, "learning_rate": 5e-3, "weight_decay": 0.01, **options}
        tail, whole = self.backbone.split()[1], self.images.features
        assert isinstance(whole, WindowFeatures)
        head, self.history = fine_tune(
            self.images,
            replace(whole, backbone=self.backbone, pooling=replace(whole.pooling, **(pooling or {}))),
            tail,
            FineTuning(**settings),
            fitting=np.arange(12),
            held=np.arange(12, 12 + held),
            checkpoints=folder,
            seed=seed,
            progress=progress,
            note=note,
        )
        return nn.ModuleDict({"tail": tail, "head": head}).state_dict()


@pytest.fixture
def train(images: TrainingImages, pooled_backbone: Backbone) -> Training:
    return Training(images, pooled_backbone)


@pytest.fixture(scope="module")
def finished(
    images: TrainingImages, pooled_backbone: Backbone, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Tensors, dict[str, Any]]:
    """The weights and the history of a training that nothing interrupts."""
    training = Training(images, pooled_backbone)
    return training(tmp_path_factory.mktemp("whole")), training.history


@pytest.fixture
def whole(finished: tuple[Tensors, dict[str, Any]]) -> Tensors:
    return finished[0]


@pytest.fixture
def frequent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have states saved every four steps."""
    monkeypatch.setattr("sppnet.detector.training.finetuning.Checkpoint", partial(Checkpoint, every=4))


class StoppedError(Exception):
    """Stands for whatever ends a training."""


def stop_at(step: int) -> Callable[[str, int, int], None]:
    def progress(stage: str, done: int, total: int) -> None:
        if done == step:
            raise StoppedError

    return progress


def same(one: Tensors, other: Tensors) -> bool:
    return one.keys() == other.keys() and all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def test_every_epoch_is_noted_as_it_ends(train: Training, tmp_path: Path) -> None:
    notes: list[dict[str, Any]] = []

    train(tmp_path, epochs=2, note=notes.append)

    losses = zip(train.history["losses"], train.history["held_out_losses"], strict=True)
    assert notes == [
        {"stage": "fine-tuning", "epoch": epoch, "loss": loss, "held_out_loss": held_out}
        for epoch, (loss, held_out) in enumerate(losses, 1)
    ]


def test_the_loss_falls(train: Training, tmp_path: Path) -> None:
    train(tmp_path, epochs=6, dropout=0.0)

    losses = train.history["losses"]
    assert len(losses) == 6 and losses[-1] < 0.7 * losses[0]


def test_the_layers_after_the_maps_learn(whole: Tensors, pooled_backbone: Backbone) -> None:
    before = next(pooled_backbone.split()[1].parameters())
    after = next(tensor for name, tensor in whole.items() if name.startswith("tail."))

    assert after.shape == before.shape and not torch.equal(after, before)


def test_there_may_be_no_layers_after_the_maps(train: Training, tmp_path: Path) -> None:
    stem = train.images.features.backbone
    assert isinstance(stem, Backbone)
    train.backbone = stem
    before = {name: tensor.clone() for name, tensor in train.backbone.layers.state_dict().items()}
    train.backbone.split = lambda at=None: (train.backbone, nn.Sequential())  # type: ignore[method-assign]

    weights = train(tmp_path)

    assert all(name.startswith("head.") for name in weights)
    assert same(train.backbone.layers.state_dict(), before)


def test_the_same_seed_gives_the_same_weights(train: Training, whole: Tensors, tmp_path: Path) -> None:
    assert same(train(tmp_path), whole)


def test_another_seed_gives_others(train: Training, whole: Tensors, tmp_path: Path) -> None:
    assert not torch.equal(train(tmp_path, seed=1)["head.classes.weight"], whole["head.classes.weight"])


def test_the_random_numbers_of_others_are_left_alone(train: Training, tmp_path: Path) -> None:
    before = torch.get_rng_state()

    train(tmp_path, epochs=1)

    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.usefixtures("frequent")
@pytest.mark.parametrize("step", [1, 5, STEPS, 3 * STEPS])
def test_an_interrupted_training_ends_as_it_would_have_ended(
    train: Training, finished: tuple[Tensors, dict[str, Any]], tmp_path: Path, step: int
) -> None:
    with pytest.raises(StoppedError):
        train(tmp_path, progress=stop_at(step))

    assert same(train(tmp_path), finished[0])
    assert train.history == finished[1]
    assert train.history.keys() == {"losses", "held_out_losses", "epoch"}


@pytest.mark.parametrize(
    "options",
    [
        {"seed": 1},
        {"learning_rate": 1e-3},
        {"held": 2},
        {"widths": (5, 4)},
        {"pooling": {"views": (View((1, 3)),)}},
        {"pooling": {"scales": (96,)}},
        {"pooling": {"geometry": "release"}},
        {"pooling": {"views": (View((1, 2)), *CONTEXT)}},
    ],
)
def test_the_state_of_a_training_with_other_settings_is_ignored(
    train: Training, tmp_path: Path, options: dict[str, Any]
) -> None:
    train(tmp_path / "used", epochs=1)

    after_another = train(tmp_path / "used", **{"epochs": 1, **options})

    assert same(after_another, train(tmp_path / "new", **{"epochs": 1, **options}))


def test_the_state_of_a_training_with_other_labels_is_ignored(
    pooled_backbone: Backbone, squares: list[tuple[Any, Target]], train: Training, whole: Tensors, tmp_path: Path
) -> None:
    train(tmp_path / "state")
    swapped = [(image, {**target, "labels": 1 - target["labels"]}) for image, target in squares]
    windows = [windows_near(number) for number in range(16)]
    train.images = prepared_for(pooled_backbone.split()[0], tmp_path / "images", swapped, windows)

    assert not torch.equal(train(tmp_path / "state")["head.classes.weight"], whole["head.classes.weight"])


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> list[Tensors]:
    """Have the loss on held-out images fall to epoch 2 and rise again; return the head's weights of every epoch."""
    weights: list[Tensors] = []

    def held_out_loss(run: _Run) -> float:
        weights.append({name: tensor.clone() for name, tensor in run.head.state_dict().items()})
        return (3.0, 1.0, 2.0, 4.0, 0.5)[len(weights) - 1]

    monkeypatch.setattr(_Run, "_held_out_loss", held_out_loss)
    return weights


def test_the_training_stops_when_patience_is_lost_and_the_best_epoch_is_taken(
    train: Training, scripted: list[Tensors], tmp_path: Path
) -> None:
    weights = train(tmp_path, epochs=5, patience=2)

    assert train.history["held_out_losses"] == [3, 1, 2, 4] and train.history["epoch"] == 2
    assert same({f"head.{name}": tensor for name, tensor in scripted[1].items()} | weights, weights)


def test_a_training_that_stopped_early_stays_as_it_is(train: Training, scripted: list[Tensors], tmp_path: Path) -> None:
    weights = train(tmp_path, epochs=5, patience=2)

    assert same(train(tmp_path, epochs=5, patience=2), weights) and len(scripted) == 4


def test_a_patient_training_waits_for_a_better_epoch(train: Training, scripted: list[Tensors], tmp_path: Path) -> None:
    train(tmp_path, epochs=5, patience=3)

    assert train.history["epoch"] == 5 == len(scripted)


def test_the_last_epoch_is_taken_where_nothing_is_held_out(train: Training, tmp_path: Path) -> None:
    train(tmp_path, held=0, learning_rate=1.0)

    assert train.history["epoch"] == 3
    assert train.history["held_out_losses"] == train.history["losses"]


@pytest.mark.parametrize(
    "options", [{"pooling": {"views": (View((1, 2)), *CONTEXT, EARLIER)}}, {"widths": ()}, {"flips": False}]
)
def test_every_setting_trains(
    train: Training, tmp_path: Path, options: dict[str, Any], pooled_backbone: Backbone
) -> None:
    train.images = with_earlier_maps(train.images, pooled_backbone, tmp_path)

    weights = train(tmp_path, epochs=1, **options)

    assert all(bool(tensor.isfinite().all()) for tensor in weights.values())


def with_earlier_maps(images: TrainingImages, backbone: Backbone, folder: Path) -> TrainingImages:
    features = WindowFeatures(backbone.split()[0], Pooling(scales=(96,), views=(View((1, 2)), EARLIER)))
    pairs = with_windows([square_image(number) for number in range(16)], map(windows_near, range(16)))
    return TrainingImages(("red", "blue"), features, folder).prepare(
        pairs,
        SelectiveSearch(),
        workers=0,
        progress=no_progress,
        total=16,
        flips=True,
    )


def test_without_the_loss_of_offsets_these_stay_as_they_began(train: Training, tmp_path: Path) -> None:
    one, more = (train(tmp_path / str(epochs), epochs=epochs, offsets_weight=0, weight_decay=0) for epochs in (1, 2))

    assert torch.equal(one["head.offsets.weight"], more["head.offsets.weight"])
    assert not torch.equal(one["head.classes.weight"], more["head.classes.weight"])


def test_images_without_windows_leave_the_weights_finite(pooled_backbone: Backbone, tmp_path: Path) -> None:
    pairs = [square_image(1), (square_image(2)[0], NOTHING)] * 8
    images = prepared_for(pooled_backbone.split()[0], tmp_path, pairs, [windows_near(1), NONE] * 8)

    weights = Training(images, pooled_backbone)(tmp_path, epochs=1, images=1)

    assert all(bool(tensor.isfinite().all()) for tensor in weights.values())


@pytest.fixture(scope="module")
def whole_maps(
    tmp_path_factory: pytest.TempPathFactory, pooled_backbone: Backbone, squares: list[tuple[Any, Target]]
) -> TrainingImages:
    windows = [windows_near(number) for number in range(4)]
    return prepared_for(pooled_backbone, tmp_path_factory.mktemp("maps"), squares[:4], windows)


def cells_of(images: TrainingImages) -> npt.NDArray[np.float32]:
    maps = [images.maps(number, (96,))["96-conv2"] for number in range(4)]
    return np.concatenate([map.reshape(-1, map.shape[2]) for map in maps])


def reduced(layer: nn.Conv2d, images: TrainingImages) -> npt.NDArray[np.float32]:
    with torch.inference_mode():
        maps = [layer(to_tensor(images.maps(number, (96,))["96-conv2"])) for number in range(4)]
    return torch.cat([map.flatten(2)[0].T for map in maps]).numpy()


def test_the_channels_of_a_reduction_are_orthonormal(whole_maps: TrainingImages) -> None:
    weights = principal_channels(whole_maps, nn.Sequential(), np.arange(4), 5).weight.detach().flatten(1).numpy()

    np.testing.assert_allclose(weights @ weights.T, np.eye(5), atol=1e-5)


@pytest.mark.parametrize("channels", [1, 3, 8])
def test_a_reduction_keeps_as_much_variance_as_principal_components(whole_maps: TrainingImages, channels: int) -> None:
    layer = principal_channels(whole_maps, nn.Sequential(), np.arange(4), channels)

    best = PCA(channels).fit(cells_of(whole_maps).astype(np.float64)).explained_variance_.sum()
    assert reduced(layer, whole_maps).var(axis=0, ddof=1).sum() >= best * (1 - 1e-4)


def test_reduced_channels_are_centred(whole_maps: TrainingImages) -> None:
    layer = principal_channels(whole_maps, nn.Sequential(), np.arange(4), 3)

    np.testing.assert_allclose(reduced(layer, whole_maps).mean(axis=0), 0, atol=1e-4)


def test_a_reduction_has_no_more_channels_than_the_maps(whole_maps: TrainingImages) -> None:
    assert principal_channels(whole_maps, nn.Sequential(), np.arange(4), 100).weight.shape == (8, 8, 1, 1)


def test_settings_come_back_from_json_equal() -> None:
    assert FineTuning(**{**asdict(FineTuning(widths=(7, 5))), "widths": [7, 5]}) == FineTuning(widths=(7, 5))


def test_the_papers_preset_has_its_layers_and_its_loss() -> None:
    assert PRESETS["paper"].widths == (4096, 4096) and PRESETS["paper"].offsets_weight == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "epochs must be positive and finite, not 0"),
        ({"images": -1}, "images must be positive and finite, not -1"),
        ({"windows": 0}, "windows must be positive and finite, not 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be positive and finite, not nan"),
        ({"patience": 0}, "patience must be positive and finite, not 0"),
        ({"weight_decay": -1.0}, "weight_decay must be finite and not negative, not -1.0"),
        ({"offsets_weight": float("inf")}, "offsets_weight must be finite and not negative, not inf"),
        ({"positives": 0.0}, "positives must be a fraction above 0, not 0.0"),
        ({"positives": 1.5}, "positives must be a fraction above 0, not 1.5"),
        ({"reduction": 0}, "reduction must be a positive number of channels, not 0"),
        ({"widths": (4096, 0)}, r"widths must be .* all positive, not \(4096, 0\)"),
        ({"dropout": 1.0}, "dropout must be from 0 to below 1, not 1.0"),
    ],
)
def test_a_bad_setting_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        FineTuning(**options)


def test_the_widest_settings_take_neither_memory_nor_random_numbers() -> None:
    before = torch.get_rng_state()

    FineTuning(widths=(10**9, 10**9))

    assert torch.equal(torch.get_rng_state(), before)
