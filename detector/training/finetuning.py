"""Fine-tuning: fully connected layers, and on request the conv layers after the last pooling, learn from windows.

He et al. 2015, section 4.1: a quarter of a batch overlap an object by half or more, the others are background of an
overlap from 0.1 on; images are mirrored and seen at random scales. Batches come from a few images each (Girshick 2015,
section 2.3), so that conv layers can learn through the pooling. That, and the loss of the offsets, are beyond SPP-net.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, smooth_l1_loss

from ..backbone.backbone import to_tensor
from ..backbone.networks.normalisation import folded, unfolded
from ..files.cache import content_key
from ..pooling.differentiable import pool_differentiably, pool_views
from ..pooling.features import WindowFeatures
from ..pooling.head import OFFSET_DEVIATIONS, Head
from ..scoring.boxes import encode, mirrored
from ..threads import conv_threads, thread_count
from ..types import Floats, Indices, Note, Progress
from .images import TrainingImages
from .layers.checkpoint import Checkpoint
from .layers.loop import Part, train
from .layers.side_by_side import side_by_side
from .layers.tail import maps_through
from .sampling import choose_windows
from .settings import FineTuning


def fine_tune(
    images: TrainingImages,
    features: WindowFeatures,
    tail: nn.Sequential,
    options: FineTuning,
    *,
    fitting: Indices,
    held: Indices,
    checkpoints: Path,
    seed: int,
    progress: Progress,
    note: Note = lambda line: None,
) -> tuple[Head, dict[str, Any]]:
    """Train the head, and the tail in place; return the head and how it went.

    An interrupted training goes on from its last checkpoint and ends with the same weights. (On a GPU conv layers may
    end with others in the last bits: gradients of the pooling are added up in any order there.)

    Args:
        images: Prepared with the maps that the tail takes, mirrored ones too if they are wanted.
        features: Of the whole backbone: scales and views.
        tail: Conv layers after those that made the maps; all of them learn, and there may be none.
        options: How.
        fitting: Numbers of the images to learn from.
        held: Numbers of others; the weights of the epoch with the lowest loss on them are taken.
        checkpoints: Folder.
        seed: Of everything random.
        progress: Called with (stage, done, total).
        note: Called with {"stage", "epoch", "loss", "held_out_loss"} at the end of an epoch.

    Returns:
        The head, and {"losses": of every epoch, "held_out_losses": likewise, "epoch": of the weights taken}.
    """
    device, threads = torch.device(features.backbone.device), thread_count()
    with (
        torch.random.fork_rng(devices=[device] if device.type == "cuda" else []),
        conv_threads(1) if device.type == "cpu" else nullcontext(),
        ThreadPoolExecutor(threads) as pool,
    ):
        torch.manual_seed(seed)
        head = Head(features.pooled_dimensions, len(images.classes), options.widths, dropout=options.dropout)
        head.to(features.backbone.device)
        learned = unfolded(tail).requires_grad_(True)
        run = _Run(images, features, learned, head, options, fitting, held, seed, pool, note)
        run.measure_scaling()
        first = features.pooling.views[0]
        channels = features.backbone.named(first.map).channels
        head.start_from(features.backbone.fully_connected, channels, first.levels)
        history = run.train(Checkpoint(checkpoints), progress)
    tail.load_state_dict(folded(learned).state_dict())
    tail.requires_grad_(False)
    return head.eval().requires_grad_(False), history


@dataclass
class _Run:
    images: TrainingImages
    features: WindowFeatures
    tail: nn.Sequential
    head: Head
    options: FineTuning
    fitting: Indices
    held: Indices
    seed: int
    pool: Executor
    note: Note
    history: dict[str, Any] = field(default_factory=lambda: {"losses": [], "held_out_losses": [], "epoch": 0})
    workers: int = 1  # maps lie on disk ready to be read

    def measure_scaling(self) -> None:
        """Centre the pooled vectors and bring them to a norm of 20, as for the SVMs."""
        sums, squares, count = torch.zeros_like(self.head.mean, dtype=torch.float64), 0.0, 0
        for part in self._parts(self.fitting[:200]):
            with torch.no_grad():
                vectors = self._vectors(part).double()
            sums += vectors.sum(dim=0)
            squares += float(vectors.square().sum())
            count += len(vectors)
        mean = sums / max(1, count)
        energy = squares / max(1, count) - float(mean.square().sum())
        self.head.mean.copy_(mean)
        self.head.factors.fill_(20 / max(max(energy, 0) ** 0.5, 1e-12))

    def __post_init__(self) -> None:
        self.parts = {"tail": Part(self.tail, 0.0), "head": Part(self.head, self.options.weight_decay)}
        self.modules = nn.ModuleDict({name: part.layers for name, part in self.parts.items()})
        self.epoch = max(1, len(self.fitting) // self.options.images)

    def train(self, checkpoint: Checkpoint, progress: Progress) -> dict[str, Any]:
        """Train from the last checkpoint on, leave the best weights in tail and head, and return the history."""
        self.best = self._weights()
        train(
            self, checkpoint, steps=self.epoch * self.options.epochs, epoch=self.epoch, best=self.best,
            learning_rate=self.options.learning_rate, progress=partial(progress, "fine-tuning"),
            stop=self._lost_patience,
        )  # fmt: skip
        self.modules.load_state_dict(self.best)
        return self.history

    def key(self) -> str:
        """Return what tells this training from any that would end with other weights: settings, images, layers."""
        features, targets = self.features, [self.images.target(number) for number in range(len(self.images))]
        # A reduction follows from the maps; its last bits, from the number of threads.
        conv = self.tail[: len(self.tail) - (self.options.reduction is not None)].state_dict()
        return content_key(
            repr(
                (
                    self.options,
                    self.seed,
                    self.images.classes,
                    features.pooling,
                    self.fitting.tolist(),
                    self.held.tolist(),
                )
            ),
            self.images.key(),
            *(target[name] for target in targets for name in ("boxes", "labels", "difficult")),
            *(tensor.cpu().numpy() for tensor in conv.values()),
        )

    def batch(self, step: int) -> list[Callable[[], "_Sample"]]:
        """Return what reads the windows of a few images, and the maps these are pooled from."""
        epoch, place = divmod(step, self.epoch)
        order, size = np.random.default_rng([self.seed, epoch]).permutation(self.fitting), self.options.images
        return [partial(self._sample, number, epoch, training=True) for number in order[place * size :][:size].tolist()]

    def loss(self, batch: list["_Sample"]) -> torch.Tensor:
        """Return the loss of a batch with dropout."""
        self.head.train()
        return self._loss(batch)

    def end_epoch(self, done: int, loss: float) -> None:
        """Take losses into the history, and the weights if they are the best so far on held-out images."""
        losses, held_out = self.history["losses"], self.history["held_out_losses"]
        losses.append(round(loss, 4))
        held_out.append(round(self._held_out_loss(), 4) if len(self.held) else losses[-1])
        if held_out[-1] <= min(held_out) or not len(self.held):  # without held-out images the last is taken
            self.history["epoch"] = len(losses)
            self.best.update(self._weights())
        known = {"epoch": len(losses), "loss": losses[-1], "held_out_loss": held_out[-1]}
        self.note({"stage": "fine-tuning", **known})

    def _weights(self) -> dict[str, torch.Tensor]:
        return {name: tensor.clone() for name, tensor in self.modules.state_dict().items()}

    def _lost_patience(self) -> bool:
        return bool(len(self.history["losses"]) - self.history["epoch"] >= self.options.patience)

    def _held_out_loss(self) -> float:
        self.head.eval()
        with torch.no_grad():
            losses = [float(self._loss(part)) * len(part) for part in self._parts(self.held)]
        return sum(losses) / len(self.held)

    def _parts(self, numbers: Indices) -> Iterator[list["_Sample"]]:
        """Yield windows of images as they are, some images at a time."""
        for start in range(0, len(numbers), self.options.images):
            part = numbers[start : start + self.options.images].tolist()
            yield [self._sample(number, epoch=0, training=False) for number in part]

    def _vectors(self, batch: Sequence["_Sample"]) -> torch.Tensor:
        """Return the pooled vectors of a batch's windows: (N, D); on a CPU its images are computed side by side."""
        computations = [partial(self._pooled, sample) for sample in batch]
        if self.features.backbone.device == "cpu":
            return torch.cat(side_by_side(computations, list(self.tail.parameters()), self.pool))
        return torch.cat([compute() for compute in computations])

    def _loss(self, batch: list["_Sample"]) -> torch.Tensor:
        """Return the cross entropy of the classes, plus what the offsets of windows on objects are off."""
        device = self.features.backbone.device
        scores, offsets = self.head(self._vectors(batch))
        labels = torch.from_numpy(np.concatenate([sample.labels for sample in batch])).to(device)
        wanted = torch.from_numpy(np.concatenate([sample.offsets for sample in batch])).to(device)
        loss = cross_entropy(scores, labels, reduction="sum") / max(1, len(labels))  # images may have no windows
        if self.options.offsets_weight:
            shown = labels > 0
            off = smooth_l1_loss(offsets[shown], wanted[shown], reduction="sum") / max(1, len(labels))
            loss = loss + self.options.offsets_weight * off
        return loss

    def _pooled(self, sample: "_Sample") -> torch.Tensor:
        """Return the pooled vectors of a sample's windows: (N, D)."""
        features, stem = self.features, self.images.features.backbone
        given = {name: to_tensor(map).to(stem.device) for name, map in sample.maps.items()}
        maps = maps_through(
            self.tail, given, sample.scale, stem=stem, whole=features.backbone, names=features.map_names
        )
        sizes = {name: (map.shape[2], map.shape[3]) for name, map in maps.items()}
        place = features.rectangles(sizes, sample.windows, sample.size, sample.scale)
        return pool_views(features.pooling.views, maps, place, pool_differentiably)

    def _sample(self, number: int, epoch: int, *, training: bool) -> "_Sample":
        """Return windows of an image for one step, mirrored and at a random scale in training."""
        random = np.random.default_rng([self.seed, number, epoch])
        flipped = bool(training and self.options.flips and random.integers(2))
        scale = int(random.choice((training and self.options.scales) or self.features.scales))
        options = self.options
        sample = choose_windows(
            self.images, number, windows=options.windows, positives=options.positives, random=random
        )
        windows, boxes = self.images.windows(number)[sample.rows], sample.boxes
        size = self.images.size(number)
        if flipped:
            windows, boxes = mirrored(windows, size[1]), mirrored(boxes, size[1])
        offsets = np.zeros((len(windows), 4), np.float32)
        shown = sample.labels > 0
        offsets[shown] = encode(windows[shown], boxes[shown]) / np.array(OFFSET_DEVIATIONS, np.float32)
        maps = self.images.maps(number, (scale,), flipped=flipped)
        return _Sample(maps, scale, size, windows, sample.labels, offsets)


@dataclass(frozen=True)
class _Sample:
    maps: dict[str, Floats]
    scale: int
    size: tuple[int, int]
    windows: Floats
    labels: Indices
    offsets: Floats


def principal_channels(images: TrainingImages, tail: nn.Sequential, numbers: Indices, channels: int) -> nn.Conv2d:
    """Return a 1x1 convolution to the channels in which the cells of some images' maps vary most."""
    sums = None
    for number in numbers[:200].tolist():
        scale = images.features.scales[0]
        with torch.inference_mode():
            stem = images.features.backbone
            map = to_tensor(images.maps(number, (scale,))[f"{scale}-{stem.last.name}"]).to(stem.device)
            cells = tail(map).flatten(2)[0].double()
        moments = torch.cat([cells, torch.ones_like(cells[:1])]) @ torch.cat([cells, torch.ones_like(cells[:1])]).T
        sums = moments if sums is None else sums + moments
    assert sums is not None
    mean = sums[:-1, -1] / sums[-1, -1]
    covariance = sums[:-1, :-1] / sums[-1, -1] - torch.outer(mean, mean)
    directions = torch.linalg.eigh(covariance).eigenvectors.flip(1)[:, :channels].T
    layer = nn.Conv2d(len(mean), min(channels, len(mean)), 1).to(mean.device)
    with torch.no_grad():
        layer.weight.copy_(directions[:, :, None, None])
        layer.bias.copy_(-directions @ mean)  # type: ignore[union-attr]
    return layer
