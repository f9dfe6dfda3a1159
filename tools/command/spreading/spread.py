"""The seam: images in, results in their order out, made in this process or on a cluster.

A shard is the same with fewer images: see `records.py`, which picks them.
"""

from collections.abc import Callable, Generator, Iterable
from typing import Any, TypeVar

from ..running.lanes import side_by_side
from .cluster import Cluster, on_ray

Item = TypeVar("Item")
Result = TypeVar("Result")


def spread(
    function: Callable[[Item], Result], items: Iterable[Item], *, lanes: int, cluster: Cluster | None = None
) -> Generator[Any, None, None]:
    """Yield what is made of every item, in order; an error comes when the item's turn comes.

    Args:
        function: What is called with one item in this process, by several threads.
        items: Drawn a few ahead.
        lanes: How many items this process works on at once.
        cluster: Where to work instead.
    """
    if cluster is None:
        yield from (future.result() for future in side_by_side(function, items, lanes))
    else:
        yield from on_ray(cluster, items)
