"""Tests of computing the images of a batch side by side."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
import torch
from torch import nn

from sppnet.detector.training.layers.side_by_side import side_by_side


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


def gradients(layers: nn.Module, results: list[torch.Tensor]) -> list[torch.Tensor]:
    layers.zero_grad()
    torch.cat([result.flatten() for result in results]).square().sum().backward()  # type: ignore[no-untyped-call]
    return [parameter.grad for parameter in layers.parameters() if parameter.grad is not None]


def test_results_and_gradients_are_those_of_one_after_the_other(pool: ThreadPoolExecutor) -> None:
    layers, maps = nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU(), nn.Conv2d(5, 2, 3)), torch.randn(4, 1, 3, 9, 11)
    one_by_one = [layers(map) for map in maps]
    wanted = gradients(layers, one_by_one)

    together = side_by_side([partial(layers, map) for map in maps], list(layers.parameters()), pool)

    torch.testing.assert_close(together, one_by_one)
    torch.testing.assert_close(gradients(layers, together), wanted)


def test_gradients_are_the_same_every_time(pool: ThreadPoolExecutor) -> None:
    layers, maps = nn.Conv2d(3, 5, 3), torch.randn(7, 1, 3, 30, 30)

    first, second = (
        gradients(layers, side_by_side([partial(layers, map) for map in maps], list(layers.parameters()), pool))
        for _ in range(2)
    )

    assert all(torch.equal(one, other) for one, other in zip(first, second, strict=True))


def test_what_is_not_used_gets_a_gradient_of_zero(pool: ThreadPoolExecutor) -> None:
    used, idle = nn.Linear(2, 1), nn.Linear(2, 1)
    both = nn.ModuleList([used, idle])

    found = gradients(both, side_by_side([partial(used, torch.ones(1, 2))], list(both.parameters()), pool))

    assert found[0].any() and not found[2].any()


def test_nothing_to_learn_gives_results_without_gradient(pool: ThreadPoolExecutor) -> None:
    [result] = side_by_side([lambda: torch.ones(2)], [], pool)

    assert not result.requires_grad and result.tolist() == [1, 1]


def test_an_error_in_a_thread_is_raised(pool: ThreadPoolExecutor) -> None:
    with pytest.raises(ZeroDivisionError):
        side_by_side([lambda: torch.ones(1) / torch.ones(1), lambda: torch.ones(1 // 0)], [], pool)
