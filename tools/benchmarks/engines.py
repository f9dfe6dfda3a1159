"""Milliseconds of the conv layers of every backbone, by engine, on an image of 600 x 800 pixels with random weights.

python -m sppnet.tools.benchmarks.engines [--backbones efficientnet_lite0,small] [--threads 2] [--runs 9] [--json]
"""

import json
import statistics
from time import perf_counter
from typing import Any

import click
import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from sppnet.detector import BACKBONES
from sppnet.detector.backbone.engines.table import ENGINES
from sppnet.detector.backbone.networks.layers import random_layers
from sppnet.detector.backbone.networks.table import network_of

from ..command.console import set_threads
from ..command.options.choices import ChoiceOf
from .floors import count_operations, measure_rates

HEIGHT, WIDTH = 600, 800


@click.command()
@click.option("--backbones", type=ChoiceOf(lambda: BACKBONES, several=True), default=",".join(BACKBONES))
@click.option("--threads", type=click.IntRange(1), default=2, help="For both engines.")
@click.option("--runs", type=click.IntRange(1), default=9, help="Medians are over so many, the engines by turns.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(backbones: list[str], threads: int, runs: int, as_json: bool) -> None:
    """Time the maps that a detector pools by default."""
    set_threads(threads)
    rate = measure_rates("float32").operations["float32"]
    rows = {name: _measured(name, runs, rate) for name in backbones}
    if as_json:
        print(json.dumps({"threads": threads, "matrix_product_gflops": rate / 1e9, "backbones": rows}))
        return
    table = Table("backbone", *ENGINES, "floor", title=f"ms of the conv layers, {WIDTH} x {HEIGHT}, {threads} threads")
    for name, row in rows.items():
        table.add_row(name, *(f"{row[engine]:.1f}" for engine in ENGINES), f"{row['floor']:.1f}")
    Console().print(table)


def _measured(name: str, runs: int, rate: float) -> dict[str, float]:
    """Return the median milliseconds of every engine, and those that the operations take at a rate per second."""
    network, layers = network_of(name), random_layers(name, 0).eval().requires_grad_(False)
    wanted = {map for map, _ in network.views} or {list(network.maps)[-1]}
    depths = [depth for map, depth in network.maps.items() if map in wanted]
    pixels = np.random.default_rng(0).random((1, 3, HEIGHT, WIDTH), np.float32)
    engines: dict[str, Any] = {engine: make(layers, "float32", "cpu") for engine, make in ENGINES.items()}
    times: dict[str, list[float]] = {engine: [] for engine in engines}
    for run in range(runs + 1):
        for engine, convolve in engines.items():
            started = perf_counter()
            convolve(pixels, depths)
            if run:  # the first one prepares
                times[engine].append(1000 * (perf_counter() - started))
    operations = count_operations(lambda: layers(torch.from_numpy(pixels)))[0]
    return {engine: statistics.median(each) for engine, each in times.items()} | {"floor": 1000 * operations / rate}


if __name__ == "__main__":
    main()
