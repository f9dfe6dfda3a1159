"""Work given to workers that may end at any time: results in order, nothing lost or twice, few items under way."""

from collections import Counter
from collections.abc import Callable, Generator, Hashable, Iterable, Sequence
from concurrent.futures import Future
from heapq import heappop, heappush
from typing import Any, NamedTuple, Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 2  # items that a worker has: one that it works on and one that waits
BEFORE = 8  # items for each worker that may be begun or done while an earlier one is not
TRIES = 3  # workers that may end over one item


class LostError(Exception):
    """A worker has ended, and what it was given is not done."""


class Crew(Protocol):
    """Workers somewhere, each of which does what it is given in turn."""

    def workers(self) -> Sequence[Hashable]:
        """Return the workers that can be given work now."""

    def give(self, worker: Hashable, item: Any) -> Hashable:
        """Give a worker an item, and return a ticket for the result."""

    def wait(self, tickets: Sequence[Hashable]) -> Sequence[Hashable]:
        """Return the tickets whose results can be had, none after a while or where a worker has come."""

    def result(self, ticket: Hashable) -> Any:
        """Return a result, raise what the work raised, or `LostError`."""

    def dismiss(self, worker: Hashable) -> None:
        """Take note that a worker has ended."""


def in_order(items: Iterable[Item], crew: Crew, lost: Callable[[Item], Result]) -> Generator[Result, None, None]:
    """Yield what workers make of every item, in the order of the items, an error when its turn comes.

    What a worker was given when it ended is given to others. The item that it worked on is suspected: after `TRIES`
    workers that have ended over it, it is given to nobody.

    Args:
        items: Drawn as workers need them.
        crew: The workers.
        lost: Makes the result of an item over which workers end, or raises.
    """
    work, turn = _Work(items, crew, lost), 0
    while True:
        work.hand_out(turn)
        if turn in work.done:
            yield work.done.pop(turn).result()
            turn += 1
        elif work.exhausted and turn == work.drawn:
            return
        else:
            work.collect()


class _Errand(NamedTuple):
    place: int
    item: Any
    worker: Hashable = None
    ended: int = 0  # workers over it


class _Work:
    """What is to be done, under way and done."""

    def __init__(self, items: Iterable[Any], crew: Crew, lost: Callable[[Any], Any]) -> None:
        self._items, self._crew, self._lost = iter(items), crew, lost
        self.drawn, self.exhausted = 0, False
        self._again: list[tuple[int, _Errand]] = []  # a heap by place: what is waited for comes first
        self._under_way: dict[Hashable, _Errand] = {}  # by ticket, in the order in which they were given
        self.done: dict[int, Future[Any]] = {}

    def hand_out(self, turn: int) -> None:
        """Give every worker work, as long as what is drawn is not too far ahead of the item whose turn it is."""
        loads = Counter(errand.worker for errand in self._under_way.values())
        workers = self._crew.workers()
        for load in range(AHEAD):
            for worker in workers:
                if loads[worker] <= load and (errand := self._next(turn + BEFORE * len(workers))):
                    ticket = self._crew.give(worker, errand.item)
                    self._under_way[ticket] = errand._replace(worker=worker)
                    loads[worker] += 1

    def collect(self) -> None:
        """Take results, and back what is lost."""
        for ticket in self._crew.wait(list(self._under_way)):
            if errand := self._under_way.get(ticket):
                try:
                    self.done[errand.place] = _settled(self._crew.result, ticket)
                    del self._under_way[ticket]
                except LostError:
                    self._take_back(errand.worker)

    def _next(self, end: int) -> _Errand | None:
        """Return what is to be done next, of what comes before an end; None if there is nothing."""
        if self._again:
            return heappop(self._again)[1]
        if self.exhausted or self.drawn >= end:
            return None
        for item in self._items:
            self.drawn += 1
            return _Errand(self.drawn - 1, item)
        self.exhausted = True
        return None

    def _take_back(self, worker: Hashable) -> None:
        self._crew.dismiss(worker)
        tickets = [ticket for ticket, errand in self._under_way.items() if errand.worker == worker]
        for number, ticket in enumerate(tickets):
            errand = self._under_way.pop(ticket)
            errand = errand._replace(ended=errand.ended + (number == 0))
            if errand.ended < TRIES:
                heappush(self._again, (errand.place, errand))
            else:
                self.done[errand.place] = _settled(self._lost, errand.item)


def _settled(function: Callable[[Any], Any], argument: Any) -> "Future[Any]":
    """Return what a function returns or raises, but for `LostError`, which goes on."""
    future: Future[Any] = Future()
    try:
        future.set_result(function(argument))
    except LostError:
        raise
    except Exception as error:
        future.set_exception(error)
    return future
