"""A cluster of several nodes on this machine, one of which is killed: nothing lost, nothing twice, and what it costs.

python -m sppnet.tools.benchmarks.cluster VOC2007/JPEGImages \
    [--images 40] [--nodes 2] [-m MODEL] [--data VOC2007] [--json]

Needs `pip install 'sppnet[ray]'`. The nodes are Ray's own processes, with one core each but for the first, which has
none. Milliseconds an image are those between the first result and the last, so without the start of anything.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from sppnet.data import IMAGE_SUFFIXES

from ..command.console import CommandError, json_option, say
from ..command.spreading.cluster import Cluster, on_ray

FORMATS = ("detections.jsonl", "detections.csv", "detections.coco.json")
STORE_BYTES = 80 << 20  # of a node's memory for objects: about the least that Ray takes
SENT_BYTES, SENT = 100_000, 500  # a photograph of half a megapixel, and how many of them the driver is timed with


@click.command()
@click.argument("photos", type=click.Path(path_type=Path))
@click.option("--images", type=click.IntRange(4), default=40, help="How many, the first.")
@click.option("--nodes", type=click.IntRange(1), default=2, help="With a core each; one of them is killed.")
@click.option("-m", "--model", default="voc07", help="Folder or name of the model.")
@click.option("--data", type=click.Path(path_type=Path), help="Train on the first images of this data set, too.")
@json_option
def command(photos: Path, images: int, nodes: int, model: str, data: Path | None, as_json: bool) -> None:
    """Print whether cluster and shards give the bytes of one process, and times; exit with 1 if they do not."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        link(photos, folder / "photos", images)
        call = [sys.executable, "-m", "sppnet", "detect", str(folder / "photos"), "-m", model, "--no-images"]
        call += ["--format", "jsonl,csv,coco", "--threads", "1", "--workers", "1", "-o"]
        say("one process")
        one = milliseconds([*call, str(folder / "one")])
        with cluster(nodes) as (address, kill):
            say("a cluster")
            many = milliseconds([*call, str(folder / "whole"), "--ray", address])
            say("a cluster that loses a node")
            milliseconds([*call, str(folder / "killed"), "--ray", address], kill, after=images // 3)
            say("the driver alone")
            sent = driver(address)
            if data is not None:
                say("trainings, the second on a cluster that loses a node")
                call_train = [sys.executable, "-m", "sppnet", "train", "--data", str(data), "--limit", str(images)]
                call_train += ["--val-split", "0", "--threads", "1", "--workers", "1", "-o"]
                train([*call_train, str(folder / "alone")])
                train([*call_train, str(folder / "spread"), "--ray", address], kill, images // 3)
        say("shards")
        for number in range(1, nodes + 1):
            milliseconds([*call, str(folder / "shards"), "--shard", f"{number}/{nodes}"])
        milliseconds([sys.executable, "-m", "sppnet", "merge", str(folder / "shards")])
        same = {run: same_bytes(folder / "one", folder / run) for run in ("whole", "killed", "shards")}
        if data is not None:
            same["trained"] = same_bytes(folder / "alone", folder / "spread", ("model.safetensors",))
    result = {"images": images, "nodes": nodes, "same_bytes": same, "one": one, "cluster": many, "driver": sent}
    if as_json:
        click.echo(json.dumps(result))
    else:
        click.echo(
            f"{images} images, the same bytes as one process: {same}\n"
            f"ms an image: one process {one:.0f}, {nodes} workers {many:.0f}, the driver of a cluster {sent:.1f}"
        )
    if not all(same.values()):
        raise CommandError("the results are others than those of one process", 1)


def link(photos: Path, folder: Path, count: int) -> None:
    """Make a folder of links to the first images of another."""
    files = sorted(file.resolve() for file in photos.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES)[:count]
    if len(files) < count:
        raise CommandError(f"{photos}: has {len(files)} images, and {count} are wanted", 2)
    folder.mkdir()
    for file in files:
        (folder / file.name).symlink_to(file)


def milliseconds(call: Sequence[str], then: Callable[[], None] = lambda: None, *, after: int = -1) -> float:
    """Run a command, do something after so many images, and return the time between two images."""
    times: list[float] = []
    with subprocess.Popen(call, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}) as run:
        assert run.stdout is not None
        for line in run.stdout:
            if line.startswith("["):
                times.append(time.perf_counter())
                if len(times) == after:
                    then()
    if run.returncode:
        raise CommandError(f"{' '.join(call)} ended with {run.returncode}", 1)
    return 1000 * (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 0.0


def train(call: Sequence[str], then: Callable[[], None] = lambda: None, images: int = 0) -> None:
    """Run a training, and do something when it has the windows of so many images."""
    windows = Path(f"{call[call.index('-o') + 1]}.cache", "windows")
    with subprocess.Popen(call, stdout=subprocess.DEVNULL) as run:
        while run.poll() is None and sum(1 for _ in windows.glob("*/*")) < images:
            time.sleep(0.1)
        if run.poll() is None:
            then()
    if run.returncode:
        raise CommandError(f"{' '.join(call)} ended with {run.returncode}", 1)


@contextmanager
def cluster(nodes: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """Give the address of a cluster, and what kills one of its nodes and adds another one."""
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112  # that of this process, not 15 more
    try:
        from ray.cluster_utils import Cluster as Nodes
    except ImportError as error:
        raise CommandError("Ray is not installed here: pip install 'sppnet[ray]'", 2) from error
    memory = {"object_store_memory": STORE_BYTES}
    ray_nodes = Nodes(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **memory})
    there = [ray_nodes.add_node(num_cpus=1, **memory) for _ in range(nodes)]

    def kill() -> None:
        ray_nodes.remove_node(there.pop(0), allow_graceful=False)
        there.append(ray_nodes.add_node(num_cpus=1, **memory))

    try:
        yield ray_nodes.address, kill
    finally:
        ray_nodes.shutdown()


def driver(address: str) -> float:
    """Return how many milliseconds an image takes whose work is nothing: those of the driver, and of the way."""
    image = bytes(SENT_BYTES)
    results = on_ray(Cluster(address, partial(partial, len), pack=lambda _number: image), range(SENT))
    next(results)
    started = time.perf_counter()
    count = sum(1 for _ in results)
    return 1000 * (time.perf_counter() - started) / count


def same_bytes(folder: Path, other: Path, names: Sequence[str] = FORMATS) -> bool:
    """Return whether two folders hold the same files of these names."""
    return all((folder / name).read_bytes() == (other / name).read_bytes() for name in names)


if __name__ == "__main__":
    command()
