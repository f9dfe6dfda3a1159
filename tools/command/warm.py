"""Compiling the inner loops ahead, and saying so when a command has to wait for it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from .console import say

if TYPE_CHECKING:
    from sppnet.proposals import SelectiveSearch

SECONDS_OF_SILENCE = 2.0


@contextmanager
def announce_compilation() -> Iterator[None]:
    """Say that compiling takes a while if what is done inside takes more than two seconds."""
    note = "compiling or loading the inner loops: after an installation this takes half a minute, later a second"
    timer = threading.Timer(SECONDS_OF_SILENCE, say, [note])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def warm_up(*searches: "SelectiveSearch", detector: bool = True, training: bool = False) -> None:
    """Compile what a command will run, or load it from the cache on disk.

    Args:
        searches: Those it will run.
        detector: Whether it pools and suppresses windows.
        training: Whether it trains.
    """
    if detector:
        from sppnet.detector import compile_kernels  # takes a while, too, but compiles nothing
    with announce_compilation():
        for search in searches:
            search(np.zeros((8, 8, 3), np.uint8))
        if detector:
            compile_kernels(training=training)
