"""Tests of work given to workers that end: order, nothing lost, nothing twice, how far ahead, who is suspected."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import count, islice
from typing import Any

import numpy as np
import pytest

from sppnet.tools.command.spreading.ordering import AHEAD, BEFORE, TRIES, LostError, in_order


class Crew:
    """Workers that work when they are waited for: the last one first, so that results come in another order.

    Args:
        size: How many workers there are; for every one that ends, another comes.
        ends: Whether a worker ends over an item.
    """

    def __init__(self, size: int = 2, ends: Callable[[Any], bool] = lambda item: False) -> None:
        self.there: list[Hashable] = list(range(size))
        self.given: list[tuple[Hashable, Any]] = []
        self._errands: dict[Hashable, tuple[Hashable, Any]] = {}
        self.worked: list[Any] = []
        self._ends, self._names, self._ended = ends, count(size), set[Hashable]()

    def workers(self) -> Sequence[Hashable]:
        return self.there

    def give(self, worker: Hashable, item: Any) -> Hashable:
        assert worker in self.there
        self.given.append((worker, item))
        self._errands[len(self.given)] = worker, item
        return len(self.given)

    def wait(self, tickets: Sequence[Hashable]) -> Sequence[Hashable]:
        last = [ticket for ticket in tickets if self._errands[ticket][0] == self._errands[tickets[-1]][0]]
        return last[:1]

    def result(self, ticket: Hashable) -> Any:
        worker, item = self._errands[ticket]
        if worker in self._ended or self._ends(item):
            self._ended.add(worker)
            raise LostError
        self.worked.append(item)
        return 100 // item

    def dismiss(self, worker: Hashable) -> None:
        self.there[self.there.index(worker)] = next(self._names)


def refuse(item: Any) -> Any:
    raise ValueError(f"workers ended over {item}")


def test_results_come_in_the_order_of_the_items() -> None:
    crew = Crew(3)

    assert list(in_order(range(1, 40), crew, refuse)) == [100 // item for item in range(1, 40)]
    assert crew.worked != sorted(crew.worked)


def test_no_items_give_no_results() -> None:
    assert list(in_order([], Crew(), refuse)) == []


def test_an_error_comes_when_its_turn_comes() -> None:
    results = in_order([50, 0, 25], Crew(1), refuse)

    assert next(results) == 2
    with pytest.raises(ZeroDivisionError):
        next(results)


@pytest.mark.parametrize("seed", range(5))
def test_workers_that_end_at_random_cost_nothing_and_nothing_comes_twice(seed: int) -> None:
    random = np.random.default_rng(seed)
    crew = Crew(3, ends=lambda item: random.random() < 0.05)

    results = list(in_order(range(1, 200), crew, refuse))

    assert results == [100 // item for item in range(1, 200)]
    assert len(crew.given) > 199


def test_what_waits_at_a_worker_that_ends_is_given_to_others_without_suspicion() -> None:
    left = iter([True] * (TRIES - 1))
    crew = Crew(1, ends=lambda item: item == 1 and next(left, False))

    assert list(in_order([1, 2, 3], crew, refuse)) == [100, 50, 33]
    assert [item for _, item in crew.given][: 2 * TRIES] == [1, 2] * TRIES


def test_an_item_over_which_workers_end_is_given_up() -> None:
    crew = Crew(2, ends=lambda item: item == 5)

    results = list(in_order(range(1, 10), crew, lambda item: -item))

    assert results == [-5 if item == 5 else 100 // item for item in range(1, 10)]
    assert sum(item == 5 for _, item in crew.given) <= TRIES * AHEAD


def test_giving_an_item_up_may_end_the_run_when_its_turn_comes() -> None:
    results = in_order([1, 2], Crew(1, ends=lambda item: item == 2), refuse)

    assert next(results) == 100
    with pytest.raises(ValueError, match="ended over 2"):
        next(results)


def test_items_are_drawn_a_few_ahead_only() -> None:
    drawn: list[int] = []

    def items() -> Iterator[int]:
        for item in count(1):
            drawn.append(item)
            yield item

    list(islice(in_order(items(), Crew(2), refuse), 5))

    assert len(drawn) <= 5 + 2 * BEFORE


def test_no_worker_has_more_than_it_works_on_and_one_that_waits() -> None:
    crew = Crew(2)

    next(in_order(range(1, 100), crew, refuse))

    assert max(Counter(worker for worker, _ in crew.given[: 2 * AHEAD]).values()) == AHEAD


def test_work_waits_for_workers_that_come() -> None:
    crew = Crew(0)

    def wait(tickets: Sequence[Hashable]) -> Sequence[Hashable]:
        crew.there = [7]
        return tickets[-1:]

    crew.wait = wait  # type: ignore[method-assign]

    assert list(in_order([1, 2], crew, refuse)) == [100, 50]
