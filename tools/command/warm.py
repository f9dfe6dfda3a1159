"""Compiling the inner loops ahead, and saying so when a command has to wait for it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from sppnet import detector, proposals

from .console import say

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


def warm_up(*searches: "proposals.SelectiveSearch", detection: bool = True, training: bool = False) -> None:
    """Compile what a command will run, or load it from the cache on disk.

    Args:
        searches: The searches for windows that it will run.
        detection: Whether it will pool and suppress windows.
        training: Whether it will train a detector.
    """
    compile_kernels = (
        detector.compile_kernels if detection else None
    )  # imports, which takes a while, but compiles nothing
    with announce_compilation():
        for search in searches:
            search(np.zeros((8, 8, 3), np.uint8))
        if compile_kernels:
            compile_kernels(training=training)
