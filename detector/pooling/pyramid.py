"""The levels of the pyramid (He et al. 2015, section 2)."""

from collections.abc import Sequence

from ..errors import InputError
from ..files.config_fields import LARGEST_LEVEL

LEVELS = (1, 2, 3, 6)


def bins(levels: Sequence[int]) -> int:
    """Return how many bins the levels have together."""
    return sum(level * level for level in levels)


def checked_levels(levels: Sequence[int]) -> tuple[int, ...]:
    """Return the levels of a pyramid as whole numbers, or raise InputError."""
    if len(levels) == 0 or min(levels) < 1 or max(levels) > LARGEST_LEVEL:
        rule = f"one or more positive whole numbers up to {LARGEST_LEVEL}"
        raise InputError(f"levels must be {rule}, not {tuple(levels)}")
    return tuple(int(level) for level in levels)
