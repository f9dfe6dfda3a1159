"""Images read and their windows proposed by processes, ahead of a device that detects.

Processes, since a quarter of the search holds the interpreter's lock: with threads four cores would be busy at most.
"""

import os
import signal
import time
import warnings
from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Any, NamedTuple

import numpy.typing as npt

from sppnet import proposals

from ..console import CommandError, set_threads
from ..inputs.items import Items
from .lanes import AHEAD, in_turn


class Proposed(NamedTuple):
    """What a process has made of an image.

    Attributes:
        image: uint8 (H, W, 3).
        windows: (N, 4).
        target: Its objects.
        milliseconds: By stage, none where the windows were given.
        warnings: What was warned of.
    """

    image: npt.NDArray[Any]
    windows: npt.NDArray[Any]
    target: dict[str, npt.NDArray[Any]]
    milliseconds: dict[str, float]
    warnings: list[str]


def propose_ahead(
    items: Items, search: "proposals.SelectiveSearch", processes: int, ahead: int = 0
) -> Generator[tuple[int, Proposed], None, None]:
    """Yield the number of every image, in order, with what processes have made of it.

    Args:
        items: The images.
        search: Proposes windows of those that come without.
        processes: How many work on images, one each.
        ahead: How many images are made ready beyond those that are worked on.

    Raises:
        DataError: If an image cannot be read and the run is not lenient.
        CommandError: If a process has ended.
    """
    pool = ProcessPoolExecutor(processes, get_context("spawn"), _begin, (items, search))
    try:
        outcomes = in_turn(pool, _propose, items.numbers(), ahead + processes * AHEAD)
        for number, proposed in items.each((number, outcome.result) for number, outcome in outcomes):
            for message in proposed.warnings:
                warnings.warn(message, stacklevel=1)
            yield number, proposed
    except BrokenProcessPool:
        raise CommandError("a process that proposes windows has ended, most often for lack of memory", 1) from None
    finally:
        pool.shutdown(cancel_futures=True)


_here: dict[str, Any] = {}  # of a process: the items and the search, which come once


def _begin(items: Items, search: "proposals.SelectiveSearch") -> None:
    if os.name == "posix":
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one ends it
    Thread(target=_end_with_parent, daemon=True).start()
    set_threads(1)
    _here.update(items=items, search=search)


def _end_with_parent() -> None:
    """End this process when that which started it has, which may have been killed."""
    if parent := parent_process():
        parent.join()
    os._exit(1)


def _propose(number: int) -> Proposed:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        image, target = _here["items"].item(number)
        windows, milliseconds = target.get("windows"), {}
        if windows is None:
            started = time.perf_counter()
            windows = _here["search"](image)
            milliseconds["proposals"] = 1000 * (time.perf_counter() - started)
    return Proposed(image, windows, target, milliseconds, [str(warning.message) for warning in caught])
