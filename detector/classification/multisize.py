"""Training a classifier at several input sizes: one network, whose pyramid gives vectors of one length at any size.

He et al. 2015, section 2.3: a whole epoch at one size, the next at another, with the same weights; or a size drawn for
every epoch.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..backbone.preprocessing import Preprocessing
from ..checks import check_image
from ..errors import InputError
from ..files.cache import content_key
from ..training.checkpoint import Checkpoint
from ..training.schedule import set_learning_rate
from ..types import Progress
from .augmentation import Image, centre_crop, random_crop, square
from .labels import Examples, Labels, loss_of, score_of

Schedule = Literal["epochs", "random"]
Indices = npt.NDArray[np.int64]
Sample = tuple[torch.Tensor, int]  # pixels and the number of the image
SAMPLED = 32  # images whose pixels tell one training from another


@dataclass(frozen=True)
class MultiSize:
    """How a classifier is trained; see `Classifier.fit`."""

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
        """Of the crop in pixels: the largest size."""
        return max(self.sizes)

    def size(self, epoch: int, seed: int) -> int:
        """Return the size of an epoch's inputs in pixels."""
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
        labels: Of all of them, as `read_labels` returns them.
        options: How.
        fitting: Numbers of the images to learn from.
        held: Numbers of those that are scored after every epoch.
        seed: Of everything random.
        device: Of the network.
    """

    network: nn.Module
    preprocessing: Preprocessing
    examples: Examples
    labels: Labels
    options: MultiSize
    fitting: Indices
    held: Indices
    seed: int
    device: str

    def run(self, checkpoint: Checkpoint, *, workers: int, progress: Progress) -> dict[str, Any]:
        """Train from the last checkpoint on, and return how it went.

        An interrupted training ends with the weights it would have had. (On a GPU they may differ in the last bits:
        gradients are added up in any order there.)

        Args:
            checkpoint: Where states are kept.
            workers: Threads that read images ahead.
            progress: Called with (stage, done, total).

        Returns:
            {"losses": of every epoch, "sizes": likewise, "scores": of the held-out images, for each size likewise}.
        """
        steps = self._steps
        total, key, optimiser = steps * self.options.epochs, self._key(), self._optimiser()
        start = {"losses": [], "sizes": [], "scores": {str(size): [] for size in self.options.sizes}}
        done, history = checkpoint.restore(key, self.network, optimiser, {}, start)
        loss = history.pop("sum", 0.0)
        with ThreadPoolExecutor(workers) as pool:
            batch = self._submit(pool, *divmod(done, steps))
            while done < total:
                samples, batch = [part.result() for part in batch], self._submit(pool, *divmod(done + 1, steps))
                loss = loss * (done % steps > 0) + self._step(optimiser, samples, done, total)
                done += 1
                if done % steps == 0:
                    self._end_epoch(history, loss / steps, pool)
                if done % checkpoint.every == 0 or done % steps == 0:
                    checkpoint.save(key, done, self.network, optimiser, {}, {**history, "sum": loss})
                progress("training", done, total)
        return history

    @property
    def _steps(self) -> int:
        """Number of batches, nearly equal ones, in which an epoch sees every image once."""
        return math.ceil(len(self.fitting) / self.options.batch)

    def _key(self) -> str:
        """Return what tells this training from any that would end with other weights, as far as a sample shows."""
        sampled = np.unique(np.linspace(0, len(self.examples) - 1, SAMPLED).astype(int)).tolist()
        return content_key(
            repr((self.network, self.preprocessing, self.options, self.seed)),
            *(self.labels, self.fitting, self.held),
            *(tensor.cpu().numpy() for tensor in self.network.state_dict().values()),
            *(self.examples[number][0] for number in sampled),
        )

    def _optimiser(self) -> torch.optim.AdamW:
        parameters = list(self.network.parameters())
        weights = [parameter for parameter in parameters if parameter.dim() > 1]
        others = [parameter for parameter in parameters if parameter.dim() == 1]
        return torch.optim.AdamW(
            [{"params": weights, "weight_decay": self.options.weight_decay}, {"params": others, "weight_decay": 0.0}]
        )

    def _submit(self, pool: ThreadPoolExecutor, epoch: int, step: int) -> list[Future[Sample]]:
        order = np.random.default_rng([self.seed, epoch]).permutation(self.fitting)
        numbers = np.array_split(order, self._steps)[step].tolist()
        return [pool.submit(self._sample, number, epoch) for number in numbers]

    def _sample(self, number: int, epoch: int) -> Sample:
        random = np.random.default_rng([self.seed, number, epoch])
        options = self.options
        crop = random_crop(
            self._image(number), options.short_side, options.side, colours=options.colours, random=random
        )
        return self.preprocessing(square(crop, options.size(epoch, self.seed))), number

    def _image(self, number: int) -> Image:
        image = self.examples[number][0]
        check_image(image, number)
        return image

    def _step(self, optimiser: torch.optim.AdamW, samples: Sequence[Sample], done: int, total: int) -> float:
        set_learning_rate(optimiser, self.options.learning_rate, done, total)
        torch.manual_seed(self.seed * 1_000_003 + done)  # of the dropout
        self.network.train()
        labels = torch.from_numpy(self.labels[[number for _, number in samples]]).to(self.device)
        loss = loss_of(self._scores([pixels for pixels, _ in samples]), labels)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(list(self.network.parameters()), 10)
        optimiser.step()
        if not math.isfinite(value := float(loss.detach())):
            raise InputError(
                f"the loss of step {done} is {value}: give a lower learning rate than {self.options.learning_rate}"
            )
        return value

    def _scores(self, pixels: list[torch.Tensor]) -> torch.Tensor:
        scores: torch.Tensor = self.network(torch.cat(pixels).to(self.device, memory_format=torch.channels_last))
        return scores

    def _end_epoch(self, history: dict[str, Any], loss: float, pool: ThreadPoolExecutor) -> None:
        history["sizes"].append(self.options.size(len(history["losses"]), self.seed))
        history["losses"].append(round(loss, 4))
        if len(self.held):
            for size, score in self._held_out_scores(pool).items():
                history["scores"][size].append(round(score, 4))

    def _held_out_scores(self, pool: ThreadPoolExecutor) -> dict[str, float]:
        """Return the score at each size, of the middle of every held-out image."""
        options, scores = self.options, defaultdict[str, list[npt.NDArray[np.float32]]](list)
        self.network.eval()
        for start in range(0, len(self.held), options.batch):
            crops = list(pool.map(self._held_out_crop, self.held[start:][: options.batch].tolist()))
            for size in options.sizes:
                with torch.inference_mode():
                    found = self._scores([self.preprocessing(square(crop, size)) for crop in crops])
                scores[str(size)].append(found.cpu().numpy())
        return {size: score_of(np.concatenate(found), self.labels[self.held]) for size, found in scores.items()}

    def _held_out_crop(self, number: int) -> Image:
        return centre_crop(self._image(number), self.options.short_side, self.options.side)
