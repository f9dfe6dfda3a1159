"""`sppnet doctor`: what this installation is made of and whether it works; with --warm it compiles everything ahead."""

import json
import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from sppnet import proposals

from .command.console import json_option
from .command.warm import warm_up

PACKAGES = (
    *("sppnet", "onnxruntime", "torch", "torchvision", "numba", "numpy", "opencv-python-headless", "scikit-learn"),
    "pycocotools",
)
RUNS = 5


@click.command("doctor")
@click.option("--warm", is_flag=True, help="Compile all inner loops now, so that no later command waits for it.")
@json_option
def command(warm: bool, as_json: bool) -> None:
    """Tell versions, cores and devices, and time selective search on a test image."""
    started = time.perf_counter()
    if warm:
        warm_up(*(proposals.SelectiveSearch(mode=mode) for mode in proposals.MODES), training=True)
    report = {
        **describe(),
        "milliseconds": {mode: time_search(mode) for mode in proposals.MODES if warm or mode == "fast"},
    }
    report["seconds"] = round(time.perf_counter() - started, 1)
    if as_json:
        click.echo(json.dumps(report))
    else:
        show(report)


def describe() -> dict[str, Any]:
    """Return what the installation is made of."""
    import torch

    from sppnet.proposals.superpixels import edge_levels

    gpus = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    return {
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "gpus": gpus,
        "compiled": str(edge_levels.stats.cache_path),
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # it may be there under the name of another build
        return "not installed under this name"


def time_search(mode: str) -> float:
    """Return the median milliseconds that selective search takes for an image of 500x375 with twenty rectangles."""
    random = np.random.default_rng(0)
    image = random.integers(110, 130, (375, 500, 3)).astype(np.uint8)
    for left, top, side in random.integers(0, [400, 300, 100], (20, 3)):
        image[top : top + side, left : left + side] += random.integers(0, 120, 3).astype(np.uint8)
    search = proposals.SelectiveSearch(mode=mode)
    warm_up(search, detection=False)
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        search(image)
        seconds.append(time.perf_counter() - started)
    return round(1000 * float(np.median(seconds)), 1)


def show(report: dict[str, Any]) -> None:
    """Print the report as a table."""
    table = Table("what", "found", show_header=False)
    table.add_row("Python", report["python"])
    for name, number in report["packages"].items():
        table.add_row(name, number)
    table.add_row("cores, threads", f"{report['cores']}, {report['threads']}")
    table.add_row("GPUs", ", ".join(report["gpus"]) or "none")
    table.add_row("compiled loops", report["compiled"])
    for mode, milliseconds in report["milliseconds"].items():
        table.add_row(f"selective search, {mode}", f"{milliseconds:.1f} ms")
    Console().print(table)
