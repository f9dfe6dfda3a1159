"""A Ray cluster at work: one worker for each of its cores, or GPUs, each of which loads the model once.

What Ray would do itself is done here, because a worker that Ray starts again waits for a node with room, and its images
with it; here they go to the workers that are left. Ray finds nodes, starts processes and moves bytes.
"""

import time
import warnings
from collections.abc import Callable, Generator, Hashable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import click

from ..console import USAGE, CommandError, duration, say, set_threads
from .ordering import LostError, in_order

Make = Callable[[], Callable[[Any], Any]]  # prepares, once in every worker, what is then done with each item

SECONDS_BETWEEN_LINES = 10.0
SECONDS_OF_WAITING = 1.0  # for a result, before the cluster is looked at for nodes that came
ENDED = "several workers have ended over it, most often for lack of memory"
FAILED_STARTS = 3  # one after the other, after which a run is given up

ray_option = click.option(
    "--ray",
    metavar="auto|ADDRESS",
    help="Work on the Ray cluster at this address, or that of this machine: one worker for each of its cores.",
)


def no_result(item: Any) -> Any:
    """Raise what ends a run in which an item has ended several workers."""
    raise CommandError(f"{called(item)}: {ENDED}", 1)


@dataclass(frozen=True)
class Cluster:
    """A cluster, and what is done there.

    Attributes:
        address: Of its head; auto for the cluster that runs on this machine, or that RAY_ADDRESS names.
        make: Is sent to every worker once, as bytes; called there, it returns the function of an item.
        pack: Makes of an item what is sent to a worker, as bytes.
        lost: Makes the result of an item over which several workers have ended, or raises.
        gpu: Whether a worker needs a GPU of its own.
    """

    address: str
    make: Make
    pack: Callable[[Any], Any] = lambda item: item
    lost: Callable[[Any], Any] = no_result
    gpu: bool = False


def on_ray(cluster: Cluster, items: Iterable[Any]) -> Generator[Any, None, None]:
    """Yield what is made of every item on a cluster, in order; items are drawn as the workers need them.

    Raises:
        CommandError: If there is no Ray, no such cluster, or one with another sppnet.
    """
    ray = _connected(cluster.address)
    crew = _Workers(ray, cluster)
    try:
        yield from in_order(items, crew, cluster.lost)
        crew.tell()
    finally:
        crew.end()
        ray.shutdown()


def called(item: Any) -> str:
    """Return what a message calls an item: by itself, or the number of an image in its data set, from 1."""
    return f"image {item[0] + 1}" if isinstance(item, tuple) else str(item)


class _Worker:
    """What runs in a process of a node."""

    def __init__(self) -> None:
        self._function: Callable[[Any], Any] | None = None

    def prepare(self, make: Make) -> str:
        """Load what work needs, and return the version of sppnet here."""
        set_threads(1)
        self._function = make()
        return version("sppnet")

    def work(self, item: Any) -> tuple[Any, list[str]]:
        """Return what is made of an item, and what was warned of."""
        assert self._function is not None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = self._function(item)
        return result, [str(warning.message) for warning in caught]


class _Workers:
    """The workers of a run as a `Crew`: as many as the cluster has room for, which may change at any time."""

    def __init__(self, ray: Any, cluster: Cluster) -> None:
        self._ray, self._make, self._pack = ray, ray.put(cluster.make), cluster.pack
        self._resource = "GPU" if cluster.gpu else "CPU"
        options = {"num_gpus": 1} if cluster.gpu else {"num_cpus": 1}
        self._kind = ray.remote(**options, max_restarts=0, max_task_retries=0)(_Worker)
        self._starting: dict[Hashable, Any] = {}  # ticket of its preparation -> worker
        self._ready: list[Any] = []
        self._failed, self._done, self._looked = 0, 0, -SECONDS_OF_WAITING
        self._begun = self._told = time.monotonic()

    def workers(self) -> Sequence[Hashable]:
        """Return those that are prepared, and start more where there is room."""
        if time.monotonic() - self._looked >= SECONDS_OF_WAITING:
            self._looked = time.monotonic()
            room = int(self._ray.cluster_resources().get(self._resource, 0))
            for _ in range(room - len(self._ready) - len(self._starting)):
                worker = self._kind.remote()
                self._starting[worker.prepare.remote(self._make)] = worker
        return self._ready

    def give(self, worker: Any, item: Any) -> Hashable:
        """Send an item."""
        ticket: Hashable = worker.work.remote(self._pack(item))
        return ticket

    def wait(self, tickets: Sequence[Hashable]) -> Sequence[Hashable]:
        """Wait for results, but not long, and for workers that start; now and then say how far that is."""
        if time.monotonic() - self._told >= SECONDS_BETWEEN_LINES:
            self.tell()
        all_of_them = [*tickets, *self._starting]
        if not all_of_them:
            time.sleep(SECONDS_OF_WAITING)
            return []
        self._ray.wait(all_of_them, num_returns=1, timeout=SECONDS_OF_WAITING)
        finished = self._ray.wait(all_of_them, num_returns=len(all_of_them), timeout=0)[0]
        started = [ticket for ticket in finished if ticket in self._starting]
        for ticket in started:
            self._started(ticket)
        return [ticket for ticket in finished if ticket not in started]

    def result(self, ticket: Hashable) -> Any:
        """Return a result, with its warnings told here."""
        result, told = self._got(ticket)
        self._done += 1
        for message in told:
            warnings.warn(message, stacklevel=1)
        return result

    def dismiss(self, worker: Any) -> None:
        """Do without a worker."""
        self._ready.remove(worker)
        self._ray.kill(worker)
        say(f"ray: a worker has ended, {len(self._ready)} are left; what it had is sent to others")

    def tell(self) -> None:
        """Say how many workers there are, how many images they have done, and how fast."""
        self._told = time.monotonic()
        seconds = self._told - self._begun
        starting = f", {len(self._starting)} starting" if self._starting else ""
        rate = f"{self._done:,} images in {duration(seconds)}, {self._done / seconds:.2f} images/s"
        say(f"ray: {len(self._ready)} workers{starting}, {rate}")

    def end(self) -> None:
        """Stop all of them."""
        for worker in [*self._ready, *self._starting.values()]:
            self._ray.kill(worker)

    def _started(self, ticket: Hashable) -> None:
        worker = self._starting.pop(ticket)
        try:
            there, here = self._got(ticket), version("sppnet")
        except LostError as error:
            self._failed += 1
            if self._failed == FAILED_STARTS:
                raise CommandError(f"ray: workers end before they have begun: {error}", 1) from None
            return
        if there != here:
            raise CommandError(f"ray: a node has sppnet {there}, and here is {here}: install the same", USAGE)
        self._failed = 0
        self._ready.append(worker)

    def _got(self, ticket: Hashable) -> Any:
        try:
            return self._ray.get(ticket)
        except self._ray.exceptions.RayTaskError as error:
            raise error.cause from None
        except self._ray.exceptions.RayError as error:
            raise LostError(str(error).splitlines()[0]) from None


def _connected(address: str) -> Any:
    """Return the package ray, connected to a cluster."""
    try:
        import ray
    except ImportError as error:
        raise CommandError("--ray: Ray is not installed here: pip install 'sppnet[ray]'", USAGE) from error
    try:
        ray.init(address, log_to_driver=False, logging_level="ERROR", configure_logging=False)
    except (ConnectionError, ValueError, RuntimeError) as error:
        hint = "`ray start --head` begins one on this machine" if address == "auto" else "is it there?"
        raise CommandError(f"--ray {address}: no cluster answers, {hint} ({str(error).splitlines()[0]})", 1) from None
    return ray
