"""Several images at once: while the conv layers of one run, windows of the next are proposed.

Whole images side by side, on one thread each, keep all cores busy in every stage, also in those that know one thread
only. The threads of a conv layer or a matrix product wait for each other by spinning, which is lost time for the rest.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sized
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TypeVar

from sppnet import detector

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 2  # images under way for each lane: one that is worked on and one that waits


def lanes_for(images: Sized, workers: int) -> int:
    """Return how many images to work on at once: so many as there are workers, threads and images for."""
    return max(1, min(workers, detector.thread_count(), len(images)))


def side_by_side(
    function: Callable[[Item], Result], items: Iterable[Item], lanes: int
) -> Generator[Future[Result], None, None]:
    """Yield what the function makes of every item, in order, each finished: its `result()` returns or raises.

    The lanes share the threads that this process may compute with. Items are drawn as they are needed, by the caller's
    thread; the function is called in others, for several items at a time.

    Args:
        function: What is called with one item.
        items: Images, or what images are read from.
        lanes: How many items are worked on at once.
    """
    import numba
    from threadpoolctl import threadpool_limits

    threads = max(1, detector.thread_count() // lanes)

    def begin() -> None:
        numba.set_num_threads(min(threads, numba.get_num_threads()))  # holds for one thread of this process only

    pool = ThreadPoolExecutor(lanes, initializer=begin)
    try:
        with detector.conv_threads(threads), threadpool_limits(detector.thread_count_of_libraries(), "blas"):
            yield from (outcome for _, outcome in in_turn(pool, function, items, lanes * AHEAD))
    finally:
        pool.shutdown(cancel_futures=True)


def in_turn(
    pool: Executor, function: Callable[[Item], Result], items: Iterable[Item], most: int
) -> Generator[tuple[Item, Future[Result]], None, None]:
    """Yield every item, in order, with what a pool has made of it, finished; so many at most are under way."""
    under_way: deque[tuple[Item, Future[Result]]] = deque()
    for item in items:
        under_way.append((item, pool.submit(function, item)))
        if len(under_way) == most:
            yield _finished(under_way.popleft())
    while under_way:
        yield _finished(under_way.popleft())


def _finished(submitted: tuple[Item, Future[Result]]) -> tuple[Item, Future[Result]]:
    submitted[1].exception()  # waits
    return submitted
