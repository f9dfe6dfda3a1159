"""Tests of a Ray cluster at work; those with one need Ray, which the other tests do without."""

import sys
from functools import partial
from typing import Any

import pytest

from sppnet.tools.command.console import CommandError
from sppnet.tools.command.spreading.cluster import Cluster, no_result, on_ray

POWERS = partial(partial, pow, 2)  # prepares what makes 2 ** item of an item


def test_without_ray_its_installation_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)

    with pytest.raises(CommandError, match=r"pip install 'sppnet\[ray\]'"):
        next(on_ray(Cluster("auto", POWERS), [1]))


@pytest.mark.parametrize(("item", "name"), [("street.jpg", "street.jpg"), ((6, "pixels"), "image 7")])
def test_an_item_over_which_workers_end_is_named(item: Any, name: str) -> None:
    with pytest.raises(CommandError, match=f"^{name}: several workers have ended"):
        no_result(item)


@pytest.mark.filterwarnings("ignore")
def test_a_node_that_is_killed_costs_nothing_and_nothing_comes_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray", reason="needs Ray: pip install 'sppnet[ray]'")
    from ray.cluster_utils import Cluster as Nodes

    monkeypatch.setenv("RAY_worker_niceness", "0")
    small = {"object_store_memory": 80 << 20}
    nodes = Nodes(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **small})
    first = nodes.add_node(num_cpus=1, **small)
    results = on_ray(Cluster(nodes.address, POWERS), range(60))
    try:
        found = [next(results) for _ in range(5)]
        nodes.add_node(num_cpus=1, **small)
        nodes.remove_node(first, allow_graceful=False)
        found += results
    finally:
        results.close()
        nodes.shutdown()

    assert found == [2**item for item in range(60)]
