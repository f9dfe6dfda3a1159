"""A set of 64-bit keys for compiled loops: open addressing, multiplicative hashing (Knuth, vol. 3, section 6.4)."""

import numpy as np
import numpy.typing as npt
from numba import njit

FREE = 0xFFFF_FFFF_FFFF_FFFF  # no key
SCATTER = 0x9E37_79B9_7F4A_7C15  # 2**64 over the golden ratio

Keys = npt.NDArray[np.uint64]


@njit(cache=True, nogil=True)
def empty_set(most: int) -> Keys:
    """Return a set with room for so many keys, at least half empty."""
    room = 16
    while room < 2 * most:
        room *= 2
    return np.full(room, np.uint64(FREE))


@njit(cache=True, nogil=True)
def add(keys: Keys, key: np.uint64) -> bool:
    """Enter a key other than FREE into a set, and return whether it was not there."""
    last = np.uint64(len(keys) - 1)
    place = (key * np.uint64(SCATTER) >> np.uint64(32)) & last
    while keys[place] != FREE:
        if keys[place] == key:
            return False
        place = (place + np.uint64(1)) & last
    keys[place] = key
    return True
