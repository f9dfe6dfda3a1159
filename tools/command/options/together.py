"""Several options as one decorator."""

from collections.abc import Callable
from functools import reduce
from typing import Any

Command = Callable[..., Any]


def together(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Return what gives a command several options, in the order in which its help names them."""
    return lambda command: reduce(lambda decorated, option: option(decorated), reversed(options), command)
