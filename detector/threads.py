"""How many threads of this process compute: a number that torch, where it is in memory, has too.

Detection on a CPU does without torch, whose import alone takes seconds. So the number is kept here until torch is
there, which then takes it over; from then on torch's own is the number, also for those who set it there.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_count: int | None = None  # set before torch was there


def thread_count() -> int:
    """Return how many threads compute: one for each core, or for each that OMP_NUM_THREADS grants, if none was set."""
    torch = _torch()
    return int(torch.get_num_threads()) if torch else _count or _granted()


def set_thread_count(count: int) -> None:
    """Compute with so many threads from now on."""
    global _count
    torch = _torch()
    if torch:
        torch.set_num_threads(count)
    else:
        _count = count


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
    global _count
    torch = sys.modules.get("torch")
    if not hasattr(torch, "set_num_threads"):  # none, or another thread is still importing it
        return None
    if _count is not None:
        count, _count = _count, None
        torch.set_num_threads(count)  # type: ignore[union-attr]
    return torch


def _granted() -> int:
    granted = os.environ.get("OMP_NUM_THREADS", "")
    if granted.isdecimal() and int(granted) > 0:
        return int(granted)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return cores or 1
