"""Tests of the learning rate over a training."""

import pytest
import torch

from sppnet.detector.training.schedule import set_learning_rate


def rate(done: int, total: int) -> float:
    optimiser = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    set_learning_rate(optimiser, 2.0, done, total)
    return float(optimiser.param_groups[0]["lr"])


@pytest.mark.parametrize(("done", "expected"), [(0, 0.02), (49, 1.0), (99, 2.0), (100, 2.0), (550, 1.0), (1000, 0.0)])
def test_the_rate_rises_for_a_hundred_steps_and_falls_along_a_cosine(done: int, expected: float) -> None:
    assert rate(done, 1000) == pytest.approx(expected)


def test_a_single_step_has_the_highest_rate() -> None:
    assert rate(0, 1) == 2.0
