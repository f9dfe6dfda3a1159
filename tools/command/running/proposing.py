"""Images read and their windows proposed by processes, ahead of a device that detects.

Processes, since a quarter of the search holds the interpreter's lock: with threads four cores would be busy at most.
"""

import os
import signal
import time
from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, NamedTuple

import numpy.typing as npt

from sppnet import proposals

from ..console import CommandError, set_threads
from ..inputs.items import Items
from .lanes import in_turn


class Proposed(NamedTuple):
    """An image with its windows (N, 4) and its target; milliseconds by stage, none where the windows were given."""

    image: npt.NDArray[Any]
    windows: npt.NDArray[Any]
    target: dict[str, npt.NDArray[Any]]
    milliseconds: dict[str, float]


def propose_ahead(
    items: Items, search: "proposals.SelectiveSearch", processes: int
) -> Generator[tuple[int, Proposed], None, None]:
    """Yield the number of every image, in order, with what processes have made of it.

    Raises:
        DataError: If an image cannot be read and the run is not lenient.
        CommandError: If a process has ended.
    """
    pool = ProcessPoolExecutor(processes, get_context("spawn"), _begin, (items, search))
    try:
        outcomes = in_turn(pool, _propose, items.numbers(), processes)
        yield from items.each((number, outcome.result) for number, outcome in outcomes)
    except BrokenProcessPool:
        raise CommandError("a process that proposes windows has ended, most often for lack of memory", 1) from None
    finally:
        pool.shutdown(cancel_futures=True)


_here: dict[str, Any] = {}  # of a process: the items and the search, which come once


def _begin(items: Items, search: "proposals.SelectiveSearch") -> None:
    if os.name == "posix":
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one ends it
    set_threads(1)
    _here.update(items=items, search=search)


def _propose(number: int) -> Proposed:
    image, target = _here["items"].item(number)
    if (windows := target.get("windows")) is not None:
        return Proposed(image, windows, target, {})
    started = time.perf_counter()
    windows = _here["search"](image)
    return Proposed(image, windows, target, {"proposals": 1000 * (time.perf_counter() - started)})
