"""What a check has found, and how commands that mend it are written."""

import shlex
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Literal, NamedTuple, get_args

Grade = Literal["fine", "note", "slow", "broken"]
GRADES: tuple[Grade, ...] = get_args(Grade)  # from good to bad


class Finding(NamedTuple):
    """What one check says.

    Attributes:
        check: What was looked at.
        grade: fine; note, worth to know; slow, takes longer than it must; broken, something does not work.
        found: What is there.
        cost: What that costs; empty if nothing.
        command: What mends it; empty if nothing has to be mended.
    """

    check: str
    grade: Grade
    found: str
    cost: str = ""
    command: str = ""


Check = Callable[[], Iterator[Finding]]


class UnmeasuredError(Exception):
    """Nothing can be measured, for a reason that another check tells."""


def pip(verb: str, *words: str) -> str:
    """Return the command by which pip, or uv where there is no pip, changes the running environment."""
    python = sys.executable
    if find_spec("pip"):
        return shlex.join([python, "-m", "pip", verb, *(["-y"] if verb == "uninstall" else []), *words])
    return shlex.join(["uv", "pip", verb, "--python", python, *words])
