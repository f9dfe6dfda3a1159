"""Tests of the priority queue."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from sppnet.proposals.heap import pop, push
from tests.proposals.images import few_examples


@few_examples
@given(st.lists(st.integers(0, 100), min_size=1, max_size=200))
@example(list(range(50, 0, -1)))
def test_entries_come_out_least_first(entries: list[int]) -> None:
    queue = np.empty(len(entries), np.int64)

    counts = [push(queue, number, entry) for number, entry in enumerate(entries)]

    assert counts == list(range(1, len(entries) + 1))
    assert [pop(queue, left) for left in reversed(counts)] == sorted(entries)


def test_entries_may_be_added_between() -> None:
    queue = np.empty(3, np.int64)
    count = push(queue, push(queue, 0, 7), 5)

    assert pop(queue, count) == 5
    assert push(queue, 1, 6) == 2
    assert [pop(queue, 2), pop(queue, 1)] == [6, 7]
