"""Training a classifier at several input sizes: one network, whose pyramid gives vectors of one length at any size.

He et al. 2015, section 2.3: a whole epoch at one size, the next at another, with the same weights; or a size drawn for
every epoch.
"""

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from ..backbone.preprocessing import Preprocessing
from ..checks import check_image
from ..errors import InputError
from ..files.cache import content_key
from ..training.layers.checkpoint import Checkpoint
from ..training.layers.loop import Part, read_ahead, train
from ..types import Floats, Image, Indices, Progress
from .augmentation import centre_crop, random_crop, square
from .labels import Examples, Labels, Quality, loss_of, marks, quality_name

Schedule = Literal["epochs", "random"]
Sample = tuple[torch.Tensor, int]  # pixels and the number of the image
SAMPLED = 32  # images whose pixels tell one training from another


@dataclass(frozen=True)
class MultiSize:
    """What can be chosen of a training at several sizes; see `Classifier.fit`."""

    sizes: tuple[int, ...]
    schedule: Schedule
    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    short_side: int
    colours: float

    def __post_init__(self) -> None:
        if not self.sizes or len(set(self.sizes)) != len(self.sizes):
            raise InputError(f"sizes must be one or more different sides in pixels, not {self.sizes}")
        if self.schedule not in ("epochs", "random"):
            raise InputError(f"schedule must be epochs or random, not {self.schedule!r}")
        for name in ("epochs", "batch", "learning_rate"):
            if not 0 < getattr(self, name) < math.inf:
                raise InputError(f"{name} must be positive and finite, not {getattr(self, name)}")
        for name in ("weight_decay", "colours"):
            if not 0 <= getattr(self, name) < math.inf:
                raise InputError(f"{name} must be finite and not negative, not {getattr(self, name)}")
        if self.short_side < self.side:
            raise InputError(f"short_side must be at least the largest size, {self.side}, not {self.short_side}")

    @property
    def side(self) -> int:
        """Pixels of the crop's sides: the largest size."""
        return max(self.sizes)

    def size(self, epoch: int, seed: int) -> int:
        """Return the side of an epoch's inputs in pixels; the seed draws it where sizes are random."""
        if self.schedule == "epochs":
            return self.sizes[epoch % len(self.sizes)]
        return int(np.random.default_rng([seed, epoch]).integers(min(self.sizes), self.side, endpoint=True))


@dataclass
class MultiSizeTraining:
    """A training of a network; what is random in a step follows from the seed and the number of the step.

    Attributes:
        network: From pixels (B, 3, size, size) to scores (B, K), on its device; it learns in place.
        preprocessing: What it expects of an image.
        examples: Images and labels.
        labels: Labels of all images, as `read_labels` returns them.
        options: The sizes and everything else that is chosen.
        quality: Measures the scores of the held-out images; see `Classifier.fit`.
        fitting: Numbers of the images to learn from.
        held: Numbers of the images that are scored after every epoch.
        seed: All that is random follows from it, the number of the image and that of the step.
        device: Where the network is.
        workers: Threads that read images ahead.
    """

    network: nn.Module
    preprocessing: Preprocessing
    examples: Examples
    labels: Labels
    options: MultiSize
    quality: Quality
    fitting: Indices
    held: Indices
    seed: int
    device: str
    workers: int

    def __post_init__(self) -> None:
        self.parts = {"network": Part(self.network, self.options.weight_decay)}
        # An epoch sees every image once, in batches that are nearly equal.
        self.epoch = math.ceil(len(self.fitting) / self.options.batch)
        scores: dict[str, list[float]] = {str(size): [] for size in self.options.sizes}
        self.history: dict[str, Any] = {"losses": [], "sizes": [], "scores": scores}

    def run(self, checkpoint: Checkpoint, *, progress: Progress) -> dict[str, Any]:
        """Train from the last checkpoint on, and return how it went.

        Args:
            checkpoint: Keeps the state of the training.
            progress: Called with ("training", steps done, steps of all).

        Returns:
            {"losses": of every epoch, "sizes": likewise, "scores": size -> quality on the held-out images, likewise}.

        Raises:
            InputError: If an image breaks a rule, or a loss is not finite.
        """
        train(
            self, checkpoint, steps=self.epoch * self.options.epochs, epoch=self.epoch,
            learning_rate=self.options.learning_rate, progress=partial(progress, "training"),
        )  # fmt: skip
        return self.history

    def key(self) -> str:
        """Return what tells this training from any that would end otherwise, as far as a sample of images shows."""
        sampled = np.unique(np.linspace(0, len(self.examples) - 1, SAMPLED).astype(int)).tolist()
        return content_key(
            repr((self.network, self.preprocessing, self.options, self.seed, quality_name(self.quality))),
            *(self.labels, self.fitting, self.held),
            *(tensor.cpu().numpy() for tensor in self.network.state_dict().values()),
            *(self.examples[number][0] for number in sampled),
        )

    def batch(self, step: int) -> list[Callable[[], Sample]]:
        """Return what reads the inputs of a step, all of one size."""
        epoch, place = divmod(step, self.epoch)
        order = np.random.default_rng([self.seed, epoch]).permutation(self.fitting)
        return [partial(self._sample, number, epoch) for number in np.array_split(order, self.epoch)[place].tolist()]

    def loss(self, batch: list[Sample]) -> torch.Tensor:
        """Return the mean loss of a batch with dropout."""
        self.network.train()
        labels = torch.from_numpy(self.labels[[number for _, number in batch]]).to(self.device)
        return loss_of(self._scores([pixels for pixels, _ in batch]), labels)

    def end_epoch(self, done: int, loss: float) -> None:
        """Take loss and size of the epoch, and the quality on the held-out images at each size, into the history."""
        self.history["sizes"].append(self.options.size(len(self.history["losses"]), self.seed))
        self.history["losses"].append(round(loss, 4))
        if len(self.held):
            for size, scores in self._held_out_scores().items():
                quality = float(self.quality(scores, marks(self.labels[self.held], scores.shape[1])))
                self.history["scores"][size].append(round(quality, 4))

    def _sample(self, number: int, epoch: int) -> Sample:
        random = np.random.default_rng([self.seed, number, epoch])
        options = self.options
        crop = random_crop(
            self._image(number), options.short_side, options.side, colours=options.colours, random=random
        )
        return torch.from_numpy(self.preprocessing(square(crop, options.size(epoch, self.seed)))), number

    def _image(self, number: int) -> Image:
        image = self.examples[number][0]
        check_image(image, number)
        return image

    def _scores(self, pixels: list[torch.Tensor]) -> torch.Tensor:
        scores: torch.Tensor = self.network(torch.cat(pixels).to(self.device, memory_format=torch.channels_last))
        return scores

    def _held_out_scores(self) -> dict[str, Floats]:
        """Return the scores at each size, float32 (N, K), of the middle of every held-out image."""
        batch, scores = self.options.batch, defaultdict[str, list[Floats]](list)

        def crops(step: int) -> list[Callable[[], Image]]:
            return [partial(self._held_out_crop, number) for number in self.held[step * batch :][:batch].tolist()]

        self.network.eval()
        for pictures in read_ahead(crops, 0, math.ceil(len(self.held) / batch), workers=self.workers):
            for size in self.options.sizes:
                with torch.inference_mode():
                    found = self._scores(
                        [torch.from_numpy(self.preprocessing(square(picture, size))) for picture in pictures]
                    )
                scores[str(size)].append(found.cpu().numpy())
        return {size: np.concatenate(found) for size, found in scores.items()}

    def _held_out_crop(self, number: int) -> Image:
        return centre_crop(self._image(number), self.options.short_side, self.options.side)
