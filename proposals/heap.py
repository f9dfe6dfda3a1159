"""A priority queue for compiled loops: a heap in an array, each entry with four children (Knuth, vol. 3, 5.2.3)."""

import numpy as np
import numpy.typing as npt
from numba import njit

Entries = npt.NDArray[np.int64]


@njit(cache=True, nogil=True)
def push(queue: Entries, count: int, entry: int) -> int:
    """Add an entry to a heap of so many, and return how many there are now."""
    place = count
    while place > 0:
        above = (place - 1) >> 2
        if queue[above] <= entry:
            break
        queue[place] = queue[above]
        place = above
    queue[place] = entry
    return count + 1


@njit(cache=True, nogil=True)
def pop(queue: Entries, count: int) -> int:
    """Remove and return the least entry of a heap of so many, at least one."""
    least: int = queue[0]
    entry = queue[count - 1]
    place = 0
    while True:
        child = 4 * place + 1
        if child >= count - 1:
            break
        for other in range(child + 1, min(child + 4, count - 1)):
            child = other if queue[other] < queue[child] else child
        if queue[child] >= entry:
            break
        queue[place] = queue[child]
        place = child
    queue[place] = entry
    return least
