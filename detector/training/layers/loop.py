"""The loop of every training of layers: batches in, steps of AdamW out, a state on disk to go on from.

What is random in a step follows from the seed and the number of the step alone. So a training that was interrupted
ends with the weights it would have had. (On a GPU they may differ in the last bits: gradients are added up in any
order there.)
"""

import math
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from typing import Any, NamedTuple, Protocol, TypeVar

import torch
from torch import nn

from ...errors import InputError
from .checkpoint import Checkpoint

LARGEST_NORM = 10.0  # of the gradients of a part; longer ones are shortened to it
WARM_UP = 100  # steps at most, and about a tenth of a training
AHEAD = 2  # batches that are read while one is learned from

Item = TypeVar("Item")


class Part(NamedTuple):
    """Layers whose gradients are clipped together, and the decay of their weights; biases and scales have none."""

    layers: nn.Module
    weight_decay: float


class Learner(Protocol[Item]):
    """What the trainings differ in.

    Attributes:
        parts: Name -> what learns, in place.
        history: How the training went so far, of numbers, strings, lists and dicts; `end_epoch` adds to it.
        seed: What layers draw, as dropout does, follows from it and the number of the step.
        workers: Threads that read ahead.
    """

    parts: dict[str, Part]
    history: dict[str, Any]
    seed: int
    workers: int

    def key(self) -> str:
        """Return what tells this training from any that would end with other weights."""

    def batch(self, step: int) -> Sequence[Callable[[], Item]]:
        """Return what reads the items of a step's batch; it is called in threads."""

    def loss(self, batch: list[Item]) -> torch.Tensor:
        """Return the mean loss of a batch, with its gradients."""

    def end_epoch(self, done: int, loss: float) -> None:
        """Take the mean loss of the steps since the last call into the history, and measure what is measured."""


def train(
    learner: Learner[Item],
    checkpoint: Checkpoint,
    *,
    steps: int,
    epoch: int,
    learning_rate: float,
    progress: Callable[[int, int], None],
    best: dict[str, torch.Tensor] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Train from the last checkpoint on, to the end.

    Args:
        learner: What learns, and from what.
        checkpoint: Keeps the state every so many steps and at the end of every epoch.
        steps: Steps of the whole training.
        epoch: Steps after which `end_epoch` is called, as it is after the last step.
        learning_rate: The highest learning rate; see `set_learning_rate`.
        progress: Called with (steps done, steps).
        best: Weights beside those that learn, which belong to the state, too.
        stop: Whether the training ends before its last step.

    Raises:
        InputError: If a loss is not finite.
    """
    modules = nn.ModuleDict({name: part.layers for name, part in learner.parts.items()})
    optimiser = torch.optim.AdamW(_groups(learner.parts.values()))
    key, best, place = learner.key(), {} if best is None else best, next(modules.parameters()).device
    done, losses = 0, 0.0
    if state := checkpoint.load(key):
        modules.load_state_dict(state["modules"])
        optimiser.load_state_dict(state["optimiser"])
        best.update(state["best"])
        done, losses, learner.history = state["done"], state["losses"], state["history"]
    batches = read_ahead(learner.batch, done, steps, workers=learner.workers)
    with torch.random.fork_rng([place] if place.type == "cuda" else []), closing(batches):
        while done < steps and not stop():
            set_learning_rate(optimiser, learning_rate, done, steps)
            torch.manual_seed(learner.seed * 1_000_003 + done)
            loss = _step(learner, optimiser, next(batches))
            done, losses = done + 1, losses + loss
            if not math.isfinite(loss):
                raise InputError(f"the loss of step {done} is {loss}: give a lower learning_rate than {learning_rate}")
            if ended := done % epoch == 0 or done == steps:
                learner.end_epoch(done, losses / ((done - 1) % epoch + 1))
                losses = 0.0
            if ended or done % checkpoint.every == 0:
                state = {"modules": modules.state_dict(), "optimiser": optimiser.state_dict(), "best": best}
                checkpoint.save(key, {**state, "done": done, "losses": losses, "history": learner.history})
            progress(done, steps)


def set_learning_rate(optimiser: torch.optim.Optimizer, learning_rate: float, done: int, steps: int) -> None:
    """Set the learning rate of a step: up in a warm-up, then down a cosine to zero (Loshchilov, Hutter 2017).

    Args:
        optimiser: All of its groups get the learning rate.
        learning_rate: The highest learning rate.
        done: Steps before this one.
        steps: Steps of the whole training.
    """
    warm = min(WARM_UP, steps // 10 + 1)
    part = (done + 1) / warm if done < warm else (1 + math.cos(math.pi * (done - warm) / max(1, steps - warm))) / 2
    for group in optimiser.param_groups:
        group["lr"] = learning_rate * part


def read_ahead(
    batch: Callable[[int], Sequence[Callable[[], Item]]], first: int, last: int, *, workers: int
) -> Generator[list[Item], None, None]:
    """Yield the batches of the steps from `first` to below `last`, whose items threads read while others are used.

    Args:
        batch: From the number of a step to what reads the items of its batch.
        first: Number of the first step.
        last: Number after that of the last step.
        workers: Threads.
    """
    with ThreadPoolExecutor(workers) as pool:
        submitted = ([pool.submit(read) for read in batch(step)] for step in range(first, last))
        waiting: deque[list[Future[Item]]] = deque(islice(submitted, AHEAD))
        try:
            while waiting:
                waiting.extend(islice(submitted, 1))
                yield [item.result() for item in waiting.popleft()]
        finally:
            pool.shutdown(cancel_futures=True)


def _groups(parts: Iterable[Part]) -> list[dict[str, Any]]:
    """Return the optimiser's groups: of every part the weights, and the biases and scales."""
    return [
        {"params": [each for each in layers.parameters() if (each.dim() > 1) == decays], "weight_decay": decay * decays}
        for layers, decay in parts
        for decays in (True, False)
    ]


def _step(learner: Learner[Item], optimiser: torch.optim.Optimizer, batch: list[Item]) -> float:
    loss = learner.loss(batch)
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    for part in learner.parts.values():
        nn.utils.clip_grad_norm_(list(part.layers.parameters()), LARGEST_NORM)
    optimiser.step()
    return float(loss.detach())
