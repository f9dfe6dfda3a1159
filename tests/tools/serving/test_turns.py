"""One computes, some wait, the others are told to come again."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable

import pytest

from sppnet.tools.serving.refusals import RefusedError
from sppnet.tools.serving.turns import Turns


async def there() -> bool:
    return False


def status(work: Callable[[], Awaitable[object]]) -> int:
    """Return the status with which work is refused."""
    with pytest.raises(RefusedError) as error:
        asyncio.run(_awaited(work))
    return error.value.status


async def _awaited(work: Callable[[], Awaitable[object]]) -> None:
    await work()


def test_two_never_compute_at_once_and_always_in_the_same_thread() -> None:
    busy, most, threads = [], [], set()

    def compute() -> None:
        busy.append(1)
        most.append(len(busy))
        threads.add(threading.get_ident())
        time.sleep(0.01)
        busy.pop()

    async def all_of_them() -> None:
        turns = Turns(4)
        await asyncio.gather(*(turns.compute(compute, there) for _ in range(5)))

    asyncio.run(all_of_them())

    assert (most, len(threads)) == ([1] * 5, 1)


def test_who_finds_no_place_is_told_when_to_come_again() -> None:
    turns = Turns(1)

    with turns.place(), turns.place(), pytest.raises(RefusedError) as error:
        turns.place()

    assert (error.value.status, error.value.headers) == (503, {"Retry-After": "5"})
    assert turns.taken == 0


def test_who_waits_too_long_is_refused_while_the_other_still_computes() -> None:
    done = []

    async def both() -> None:
        turns = Turns(1, patience=0.05)
        first = asyncio.create_task(turns.compute(lambda: time.sleep(0.3), there))
        await asyncio.sleep(0)
        try:
            await turns.compute(lambda: None, there)
        finally:
            done.append(first.done())
            await first

    assert status(both) == 503
    assert done == [False]


def test_who_waits_when_the_server_ends_is_refused_and_what_is_computed_is_finished() -> None:
    results = []

    def slowly() -> str:
        time.sleep(0.1)
        return "finished"

    async def both() -> None:
        turns = Turns(1)
        first = asyncio.create_task(turns.compute(slowly, there))
        second = asyncio.create_task(turns.compute(lambda: "begun", there))
        await asyncio.sleep(0.02)
        turns.closed = True
        results.append(await first)
        await second

    assert status(both) == 503
    assert results == ["finished"]


def test_nothing_is_computed_for_who_has_gone() -> None:
    async def gone() -> bool:
        return True

    assert status(lambda: Turns(1).compute(lambda: 1, gone)) == 499
