"""Tests of working on several images at once: order, errors, how far ahead, threads."""

import threading
from itertools import count, islice

import numba
import pytest
import torch

from sppnet.tools.command.running.lanes import AHEAD, lanes_for, side_by_side


def test_results_come_in_the_order_of_the_items() -> None:
    later = threading.Event()

    def wait_for_the_second(item: int) -> int:
        later.set() if item else later.wait()
        return item

    assert [outcome.result() for outcome in side_by_side(wait_for_the_second, [0, 1], lanes=2)] == [0, 1]


def test_two_lanes_work_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=10)

    places = [outcome.result() for outcome in side_by_side(lambda _item: meeting.wait(), "ab", lanes=2)]

    assert sorted(places) == [0, 1]


def test_an_error_comes_at_its_turn_and_the_rest_goes_on() -> None:
    first, second = side_by_side(lambda item: 1 // item, [0, 1], lanes=1)

    with pytest.raises(ZeroDivisionError):
        first.result()
    assert second.result() == 1


def test_items_are_drawn_a_few_ahead_only() -> None:
    items = count()

    outcomes = list(islice(side_by_side(abs, items, lanes=2), 3))

    assert len(outcomes) == 3
    assert next(items) == 2 + 2 * AHEAD


def test_no_items_give_no_results() -> None:
    assert list(side_by_side(abs, [], lanes=2)) == []


def test_the_lanes_share_the_threads_and_give_them_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    used: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", used.append)

    list(side_by_side(abs, [1], lanes=2))

    assert used == [2, 4]


def test_inner_loops_of_a_lane_have_its_share_of_the_threads() -> None:
    lanes = torch.get_num_threads()

    [outcome] = side_by_side(lambda _item: numba.get_num_threads(), [0], lanes=lanes)

    assert outcome.result() == 1


def test_an_early_end_ends_the_lanes() -> None:
    before = set(threading.enumerate())
    outcomes = side_by_side(abs, count(), lanes=2)

    next(outcomes)
    outcomes.close()

    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize(("workers", "images", "lanes"), [(8, 9, 4), (3, 9, 3), (8, 1, 1), (0, 9, 1), (8, 0, 1)])
def test_lanes_are_limited_by_workers_threads_and_images(
    monkeypatch: pytest.MonkeyPatch, workers: int, images: int, lanes: int
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)

    assert lanes_for(range(images), workers) == lanes
