"""Tests of the priority queue."""

import numpy as np
import pytest

from sppnet.proposals.heap import pop, push


@pytest.mark.parametrize("count", [1, 2, 3, 5, 6, 50, 200])
def test_entries_come_out_least_first(count: int) -> None:
    entries = np.random.default_rng(count).integers(0, 100, count)
    queue = np.empty(count, np.int64)

    counts = [push(queue, number, int(entry)) for number, entry in enumerate(entries)]

    assert counts == list(range(1, count + 1))
    assert [pop(queue, left) for left in range(count, 0, -1)] == sorted(entries.tolist())


def test_entries_may_be_added_between() -> None:
    queue = np.empty(3, np.int64)
    count = push(queue, push(queue, 0, 7), 5)

    assert pop(queue, count) == 5
    assert push(queue, 1, 6) == 2
    assert [pop(queue, 2), pop(queue, 1)] == [6, 7]
