"""Tests of the loop of all trainings: its steps by hand, and that an interruption changes no bit of what it leaves."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from sppnet.detector.errors import CacheWarning, InputError
from sppnet.detector.training.layers.checkpoint import Checkpoint
from sppnet.detector.training.layers.loop import Part, read_ahead, set_learning_rate, train

STEPS, EPOCH = 7, 3  # the last epoch is of one step


class Line:
    """A line and a scale, with dropout, that learn numbers which follow from the step."""

    seed, workers = 0, 1

    def __init__(self, weight_decay: float = 0.1) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.line, self.scale = nn.Linear(2, 2), nn.BatchNorm1d(2)
        self.parts = {"line": Part(self.line, weight_decay), "scale": Part(self.scale, weight_decay)}
        self.history: dict[str, Any] = {"epochs": []}
        self.losses: list[float] = []
        self.factor = 1.0

    def key(self) -> str:
        return "line"

    def batch(self, step: int) -> list[Callable[[], torch.Tensor]]:
        return [lambda place=place: torch.tensor([step, place + 1.0]) for place in range(4)]  # type: ignore[misc]

    def loss(self, batch: list[torch.Tensor]) -> torch.Tensor:
        loss: torch.Tensor = self.factor * nn.functional.dropout(self.scale(self.line(torch.stack(batch)))).sum()
        self.losses.append(loss.item())
        return loss

    def end_epoch(self, done: int, loss: float) -> None:
        self.history["epochs"].append((done, loss))

    def weights(self) -> list[torch.Tensor]:
        return [*self.line.state_dict().values(), *self.scale.state_dict().values()]


def learn(
    line: Line, folder: Path, progress: Callable[[int, int], None] = lambda done, steps: None, **more: Any
) -> Line:
    settings = {"steps": STEPS, "epoch": EPOCH, "learning_rate": 0.1, **more}
    train(line, Checkpoint(folder, every=2), progress=progress, **settings)
    return line


def interrupt_at(step: int) -> Callable[[int, int], None]:
    def progress(done: int, steps: int) -> None:
        if done == step:
            raise KeyboardInterrupt

    return progress


def same(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return all(torch.equal(*pair) for pair in zip(one, other, strict=True))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Line:
    return learn(Line(), tmp_path_factory.mktemp("whole"))


def test_epochs_end_with_the_mean_of_their_losses(whole: Line) -> None:
    losses = whole.losses

    assert whole.history["epochs"] == [(3, sum(losses[:3]) / 3), (6, sum(losses[3:6]) / 3), (7, losses[6])]


def test_the_steps_are_those_of_adamw_with_clipped_gradients_and_no_decay_of_biases_and_scales(tmp_path: Path) -> None:
    line, by_hand = Line(), Line()
    line.factor = by_hand.factor = 1000.0
    weights, others = [by_hand.line.weight], [by_hand.line.bias, *by_hand.scale.parameters()]
    optimiser = torch.optim.AdamW([{"params": weights, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}])

    learn(line, tmp_path)

    for step in range(STEPS):
        set_learning_rate(optimiser, 0.1, step, STEPS)
        torch.manual_seed(step)
        optimiser.zero_grad()
        by_hand.loss([read() for read in by_hand.batch(step)]).backward()  # type: ignore[no-untyped-call]
        for layers in (by_hand.line, by_hand.scale):
            nn.utils.clip_grad_norm_(layers.parameters(), 10)
        optimiser.step()
    assert same(line.weights(), by_hand.weights())


@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_a_training_interrupted_at_any_step_ends_as_if_it_had_not_been(tmp_path: Path, whole: Line, step: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        learn(Line(), tmp_path, interrupt_at(step))
    steps: list[int] = []

    resumed = learn(Line(), tmp_path, lambda done, _: steps.append(done))

    saved = max(done for done in (0, 2, 3, 4, 6, 7) if done <= step)  # of those the last before `step`
    assert steps == list(range(saved + 1, STEPS + 1))
    assert same(resumed.weights(), whole.weights()) and resumed.history == whole.history


def test_a_training_may_be_interrupted_often(tmp_path: Path, whole: Line) -> None:
    for step in (3, 5):
        with pytest.raises(KeyboardInterrupt):
            learn(Line(), tmp_path, interrupt_at(step))

    assert same(learn(Line(), tmp_path).weights(), whole.weights())


def test_a_damaged_state_is_ignored(tmp_path: Path, whole: Line) -> None:
    with pytest.raises(KeyboardInterrupt):
        learn(Line(), tmp_path, interrupt_at(4))
    [file] = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-1])

    with pytest.warns(CacheWarning, match="damaged"):
        again = learn(Line(), tmp_path)
    assert same(again.weights(), whole.weights())


def test_weights_that_are_kept_beside_come_back(tmp_path: Path) -> None:
    kept = {"line": torch.tensor([1.0])}
    learn(Line(), tmp_path, best=dict(kept))
    best = {"line": torch.tensor([2.0])}

    learn(Line(), tmp_path, best=best)

    assert best == kept


def test_a_training_can_stop_before_its_last_step(tmp_path: Path) -> None:
    line = Line()

    learn(line, tmp_path, stop=lambda: len(line.history["epochs"]) == 1)

    assert len(line.losses) == EPOCH


@pytest.mark.parametrize("factor", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_ends_the_training_and_is_not_kept(tmp_path: Path, factor: float) -> None:
    line = Line()
    line.factor = factor

    with pytest.raises(InputError, match=r"the loss of step 1 is -?(nan|inf): give a lower learning_rate than 0\.1"):
        learn(line, tmp_path, epoch=1)
    assert not list(tmp_path.iterdir())


def test_the_random_numbers_of_others_are_left_alone(tmp_path: Path) -> None:
    before = torch.get_rng_state()

    learn(Line(), tmp_path)

    assert torch.equal(torch.get_rng_state(), before)


def rate(done: int, steps: int) -> float:
    optimiser = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    set_learning_rate(optimiser, 2.0, done, steps)
    return float(optimiser.param_groups[0]["lr"])


@pytest.mark.parametrize(("done", "expected"), [(0, 0.02), (49, 1.0), (99, 2.0), (100, 2.0), (550, 1.0), (1000, 0.0)])
def test_the_rate_rises_for_a_hundred_steps_and_falls_along_a_cosine(done: int, expected: float) -> None:
    assert rate(done, 1000) == pytest.approx(expected)


@pytest.mark.parametrize(("done", "expected"), [(10, 22 / 21), (20, 2.0)])
def test_the_warm_up_of_a_short_training_takes_a_tenth_of_it(done: int, expected: float) -> None:
    assert rate(done, 200) == pytest.approx(expected)


def test_a_single_step_has_the_highest_rate() -> None:
    assert rate(0, 1) == 2.0


def pairs(step: int) -> list[Callable[[], int]]:
    return [lambda: 10 * step, lambda: 10 * step + 1]


def test_batches_come_in_order_whatever_the_workers() -> None:
    assert list(read_ahead(pairs, 3, 6, workers=3)) == [[30, 31], [40, 41], [50, 51]]


def test_no_steps_give_no_batches() -> None:
    assert list(read_ahead(pairs, 4, 4, workers=1)) == []


def test_batches_are_read_while_the_one_before_is_used() -> None:
    read = [threading.Event() for _ in range(4)]

    batches = read_ahead(lambda step: [read[step].set], 0, 4, workers=1)
    next(batches)

    assert read[1].wait(10) and read[2].wait(10)
    time.sleep(0.01)
    assert not read[3].is_set()  # but no further ahead
    batches.close()


def test_an_item_that_cannot_be_read_ends_the_batches() -> None:
    with pytest.raises(ZeroDivisionError):
        list(read_ahead(lambda step: [lambda: 1 // (2 - step)], 0, 4, workers=2))
