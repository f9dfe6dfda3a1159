"""How many threads of this process compute: a number that torch, where it is in memory, has too.

Detection on a CPU does without torch, whose import alone takes seconds. So the number is kept here until torch is
there, which then takes it over; from then on torch's own is the number, also for those who set it there. Torch counts
cores; where a container grants less time than those have, it is lowered to that, once.

Loops of our own give the same with any number of threads. Libraries add up in an order that depends on their number,
so results differ in the last bits; inside `deterministic` each of them computes on one.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from .limits import granted_cores

GRANT = "OMP_NUM_THREADS"

_deterministic = False
_met = False  # whether torch is there and has a number of ours
_count: int | None = None  # set before torch was there, or where torch has one thread


def thread_count() -> int:
    """Return how many threads compute, if none was set: those of OMP_NUM_THREADS, or one for each core that is granted.

    A container may be granted less time than its cores have; see `limits`.
    """
    torch = _torch()
    return int(torch.get_num_threads()) if torch and not _deterministic else _count or _granted()


def thread_count_of_libraries() -> int:
    """Return how many threads a library may compute with whose results depend on their number."""
    count = thread_count()
    return 1 if _deterministic else count


def set_thread_count(count: int) -> None:
    """Compute with so many threads from now on."""
    global _count
    torch = _torch()
    if torch and not _deterministic:
        torch.set_num_threads(count)
    else:
        _count = count


@contextmanager
def deterministic() -> Iterator[None]:
    """Compute the same bytes with any number of threads and workers inside the block, on the CPU of one machine.

    Every library computes on one thread; loops of our own, and images side by side, use them all. It is a setting of
    the whole process, so a block of another thread must not overlap.
    """
    global _deterministic, _count
    from threadpoolctl import threadpool_limits

    count = thread_count()
    before, _deterministic, _count = _deterministic, True, count
    try:
        with threadpool_limits(1, "blas"):
            _torch()
            yield
    finally:
        _deterministic = before
        set_thread_count(count)


@contextmanager
def conv_threads(count: int) -> Iterator[None]:
    """Convolve with so many threads inside the block.

    One is best beside other busy processes: the threads of a conv layer wait for each other by spinning, and where
    there are more of them than free cores that takes many times longer.
    """
    before = thread_count()
    set_thread_count(count)
    try:
        yield
    finally:
        set_thread_count(before)


def _torch() -> Any:
    """Return torch if it is in memory, with the number that was set before it came."""
    global _count, _met
    torch = sys.modules.get("torch")
    if not hasattr(torch, "set_num_threads"):  # none, or another thread is still importing it
        return None
    if _deterministic:
        torch.set_num_threads(1)  # type: ignore[union-attr]
    elif _count is not None:
        count, _count = _count, None
        torch.set_num_threads(count)  # type: ignore[union-attr]
    elif not _met and GRANT not in os.environ and _granted() < torch.get_num_threads():  # type: ignore[union-attr]
        torch.set_num_threads(_granted())  # type: ignore[union-attr]
    _met = True
    return torch


@cache
def _granted() -> int:
    granted = os.environ.get(GRANT, "")
    return int(granted) if granted.isdecimal() and int(granted) > 0 else granted_cores()
