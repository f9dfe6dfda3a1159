"""One computation at a time, and a bounded number of requests that wait for it.

A detection takes all threads of the machine, so that two at once would only take twice as long, and twice the memory.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from sppnet import detector

from .refusals import RefusedError, busy

PATIENCE = 30.0  # seconds that a request waits for its turn

Result = TypeVar("Result")


class Turns:
    """Gives requests a place, and those that have one their turn to compute.

    Args:
        waiting: How many requests may wait while one computes.
        patience: Seconds that one waits at most.

    Attributes:
        places: How many requests can be there at once.
        taken: How many of the places are taken now.
        closed: Whether the server is about to end; whoever waits is refused when its turn comes.
    """

    def __init__(self, waiting: int, patience: float = PATIENCE) -> None:
        self.places, self._patience = waiting + 1, patience
        self.taken, self.closed = 0, False
        self._turn = asyncio.Lock()
        # Always the same thread: the compiled loops may not run from two.
        self._thread = ThreadPoolExecutor(1, "compute", initializer=_use_all_threads)

    def place(self) -> AbstractContextManager[None]:
        """Return a place, to be held from before the body of a request is read until it is answered.

        Raises:
            RefusedError: With 503, if all are taken.
        """
        if self.closed:
            raise busy("the server is about to end")
        if self.taken == self.places:
            raise busy(f"{self.places} requests are being answered already")
        return self._held()

    @contextmanager
    def _held(self) -> Iterator[None]:
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1

    async def compute(self, function: Callable[[], Result], gone: Callable[[], Awaitable[bool]]) -> Result:
        """Return what a function returns, called in the one thread that computes, when the turn has come.

        Args:
            function: What is called.
            gone: Tells whether nobody waits for the answer any more.

        Raises:
            RefusedError: With 503 if the turn does not come in time or the server is about to end, 499 if nobody waits.
        """
        try:
            async with asyncio.timeout(self._patience):
                await self._turn.acquire()
        except TimeoutError:
            raise busy(f"others were computing for {self._patience:g} seconds") from None
        try:
            if self.closed:
                raise busy("the server is about to end")
            if await gone():
                raise RefusedError(499, "the client has gone")
            return await asyncio.get_running_loop().run_in_executor(self._thread, function)
        finally:
            self._turn.release()


def _use_all_threads() -> None:
    import numba

    numba.set_num_threads(min(detector.thread_count(), numba.get_num_threads()))  # holds for one thread of the process
