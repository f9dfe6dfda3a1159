"""Distillation: a small backbone learns to give the maps of a larger one (FitNets, Romero et al. 2015).

No labels are needed. Through a 1x1 convolution, which is dropped afterwards, every cell of the student's map is to
say what the teacher's cell at the same place says, each channel standardised so that all count alike.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..backbone.backbone import Backbone
from ..backbone.conv_layers import Map
from ..backbone.networks.layers import declared_maps
from ..backbone.networks.normalisation import folded, normalised
from ..backbone.networks.table import network_of
from ..errors import InputError
from ..files.cache import content_key
from ..types import Precision, Progress
from .layers.checkpoint import Checkpoint
from .layers.crops import Crops, Images
from .layers.loop import Part, train
from .windows import split_held_out

LEAST_SIZE = 64  # pixels of a crop; less leaves some backbones no cell
MOST_HELD_OUT = 96  # images; more would take long and tell little
MEASURED_STEPS = 12  # whose batches tell the mean and the deviation of the teacher's channels
LEAST_DEVIATION = 0.1  # of a channel, as a part of the mean deviation: one that is nearly always 0 would shout


@dataclass(frozen=True)
class Distillation:
    """How a student learns. The optimiser is AdamW, with a warm-up and a cosine to zero.

    Attributes:
        steps: Batches to learn from.
        batch: Crops in a batch.
        sizes: Sides of the crops in pixels, alternating from step to step.
        scales: The lowest and the highest short side in pixels that an image is resized to before it is cut; an
            image is never made smaller than the crop.
        learning_rate: The highest learning rate.
        weight_decay: AdamW's decay of the convolutions' weights; biases and scales have none.
        flips: Whether crops are mirrored at random.
        held_out: Fraction of the images that are not learned from, below 1; they are 96 at most.
        interval: Steps between measurements on these.
        precision: float32, or bfloat16 for a student that computes in it, which is faster where the processor has
            instructions for it. Its weights are float32.
    """

    steps: int = 20_000
    batch: int = 16
    sizes: tuple[int, ...] = (160, 224, 288)
    scales: tuple[int, int] = (300, 700)
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    flips: bool = True
    held_out: float = 0.05
    interval: int = 300
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "learning_rate", "interval"):
            if not 0 < getattr(self, name) < math.inf:
                raise InputError(f"{name} must be positive and finite, not {getattr(self, name)}")
        if not self.sizes or min(self.sizes) < LEAST_SIZE:
            raise InputError(f"sizes must be {LEAST_SIZE} pixels or more, not {self.sizes}")
        if len(self.scales) != 2 or not 0 < self.scales[0] <= self.scales[1]:
            raise InputError(f"scales must be the lowest and the highest short side, not {self.scales}")
        if self.precision not in ("float32", "bfloat16"):
            raise InputError(f"precision must be float32 or bfloat16, not {self.precision!r}")
        if not 0 <= self.held_out < 1 or not 0 <= self.weight_decay < math.inf:
            raise InputError(
                f"held_out must be in [0, 1) and weight_decay 0 or more, not {self.held_out} and {self.weight_decay}"
            )


@torch.random.fork_rng(devices=[])  # layers draw weights as they are built, which the seed's then replace
def distil(
    student: str,
    teacher: Backbone,
    images: Images,
    *,
    options: Distillation,
    checkpoints: Path,
    seed: int = 0,
    workers: int = 1,
    progress: Progress,
) -> tuple[nn.Sequential, dict[str, Any]]:
    """Train the layers of a backbone to give the teacher's maps.

    An interrupted training goes on from its last checkpoint and ends with the same weights. Cells are compared from
    the left upper corner on; where one of the maps has more of them, these are left out.

    Args:
        student: Name of the backbone that learns.
        teacher: The backbone that it learns from. The student is trained on its device and takes its preprocessing.
        images: Those that crops are cut out of.
        options: How long and from what the student learns.
        checkpoints: Folder for the state of the training, made where it is missing.
        seed: All that is random follows from it and the number of the step.
        workers: Threads that read images ahead.
        progress: Called with ("distillation", steps done, steps of all).

    Returns:
        The student's layers, without normalisation, in float32 on the CPU, and how it went: {"steps": of the
        measurements, "losses": mean since the one before, "held_out_losses": size -> likewise, on held-out images,
        "explained": size -> part of the variance of the teacher's map that the student tells}. A loss is the mean
        squared error of a channel with a variance of 1.

    Raises:
        InputError: If the maps have different strides, there are no images, or the training diverges.
    """
    stride = _last(student).stride
    if stride != teacher.last.stride:
        raise InputError(
            f"the maps of {student!r} have a stride of {stride} pixels, the teacher's {teacher.last.stride}"
        )
    if not len(images):
        raise InputError("there are no images to learn from")
    fitting, held = split_held_out(len(images), min(options.held_out, MOST_HELD_OUT / len(images)), seed)
    run = _Run(student, teacher, images, options, fitting, held, seed, workers)
    run.measure_teacher()
    checkpoint = Checkpoint(checkpoints, name="distillation")
    train(
        run, checkpoint, steps=options.steps, epoch=options.interval,
        learning_rate=options.learning_rate, progress=partial(progress, "distillation"),
    )  # fmt: skip
    return folded(run.layers).cpu().requires_grad_(False), run.history


@dataclass
class _Run:
    student: str
    teacher: Backbone
    images: Images
    options: Distillation
    fitting: npt.NDArray[np.int64]
    held: npt.NDArray[np.int64]
    seed: int
    workers: int
    history: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        channels, device = _last(self.student).channels, self.teacher.device
        layers = normalised(network_of(self.student).build(), seed=self.seed)
        adapter = nn.Conv2d(channels, self.teacher.last.channels, 1)
        for parameter in adapter.parameters():
            nn.init.zeros_(parameter)  # every cell begins as the mean
        self.modules = nn.ModuleDict({"layers": layers, "adapter": adapter})
        self.modules.to(device).to(memory_format=torch.channels_last)
        self.layers, self.parts = layers, {"student": Part(self.modules, self.options.weight_decay)}
        sizes = [str(size) for size in self.options.sizes] if len(self.held) else []
        self.history = {
            **{"steps": [], "losses": []},
            **{name: {size: [] for size in sizes} for name in ("held_out_losses", "explained")},
        }

    def measure_teacher(self) -> None:
        """Measure the mean and the deviation of the teacher's channels on the first batches."""
        sums = torch.zeros(3, self.teacher.last.channels, dtype=torch.float64, device=self.teacher.device)
        for pixels in self._crops().ahead(0, min(MEASURED_STEPS, self.options.steps), self.workers):
            with torch.no_grad():
                cells = self._taught(pixels).movedim(1, -1).flatten(0, 2).double()
            sums += torch.stack([torch.ones_like(cells[0]) * len(cells), cells.sum(dim=0), cells.square().sum(dim=0)])
        mean = sums[1] / sums[0]
        deviation = (sums[2] / sums[0] - mean.square()).clamp(min=0).sqrt()
        deviation = deviation.clamp(min=max(1e-12, LEAST_DEVIATION * float(deviation.mean())))
        self.mean, self.deviation = (moment.float()[:, None, None] for moment in (mean, deviation))

    def key(self) -> str:
        """Return what tells this training from any that would end with other weights, as far as three images show."""
        samples = [self.images[number] for number in (0, len(self.images) // 2, len(self.images) - 1)]
        what = (self.options, self.seed, self.student, self.teacher.fingerprint(), len(self.images))
        return content_key(repr(what), *samples)

    def batch(self, step: int) -> list[Callable[[], torch.Tensor]]:
        """Return what reads the crops of a step: float32 (1, 3, S, S) each."""
        return self._crops().readers(step)

    def loss(self, batch: list[torch.Tensor]) -> torch.Tensor:
        """Return the mean squared error of the student's map."""
        self.modules.train()
        given, wanted = self._maps(torch.cat(batch))
        return (given - wanted).square().mean()

    def end_epoch(self, done: int, loss: float) -> None:
        """Take the losses since the last measurement, and those on held-out images, into the history."""
        self.history["steps"].append(done)
        self.history["losses"].append(round(loss, 4))
        for size in self.history["held_out_losses"]:
            error, variance = self._held_out(int(size))
            self.history["held_out_losses"][size].append(round(error, 4))
            self.history["explained"][size].append(round(1 - error / max(variance, 1e-12), 4))

    def _crops(self) -> Crops:
        return self._crops_of(self.fitting, self.options.sizes, flips=self.options.flips)

    def _crops_of(self, numbers: npt.NDArray[np.int64], sizes: tuple[int, ...], *, flips: bool) -> Crops:
        options = self.options
        return Crops(
            self.images, numbers, self.teacher.preprocessing, options.batch, sizes, options.scales, flips, self.seed
        )

    def _maps(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the student's map, as it is to be compared, and the teacher's, standardised: (B, C, h, w) each."""
        with torch.no_grad():
            wanted = (self._taught(pixels) - self.mean) / self.deviation
        pixels = pixels.to(self.teacher.device, memory_format=torch.channels_last)
        rounded = self.options.precision == "bfloat16"
        with torch.autocast(torch.device(self.teacher.device).type, torch.bfloat16, enabled=rounded):
            given = self.modules["adapter"](self.layers(pixels)).float()
        height, width = (min(given.shape[axis], wanted.shape[axis]) for axis in (2, 3))
        return given[..., :height, :width], wanted[..., :height, :width]

    def _taught(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the teacher's maps, (B, C, h, w) where it is, of pixels on the CPU."""
        return torch.as_tensor(self.teacher.convolve(pixels.numpy()))

    def _held_out(self, size: int) -> tuple[float, float]:
        """Return the mean squared error and variance of the teacher's map on crops that are always the same."""
        self.modules.eval()
        crops = self._crops_of(self.held, (size,), flips=False)
        pairs: Iterator[tuple[torch.Tensor, torch.Tensor]]
        with torch.no_grad():
            pairs = map(self._maps, crops.ahead(0, math.ceil(len(self.held) / self.options.batch), self.workers))
            sums = [(float((given - wanted).square().mean()), float(wanted.square().mean())) for given, wanted in pairs]
        error, variance = np.mean(sums, axis=0)
        return float(error), float(variance)


def _last(name: str) -> Map:
    """Return the last map of a backbone."""
    *_, last = declared_maps(name).values()
    return last
