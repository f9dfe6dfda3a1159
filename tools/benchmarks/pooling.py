"""Pyramid pooling of an image's windows against `torchvision.ops.roi_pool` called once per level, on one thread.

python -m sppnet.tools.benchmarks.pooling --image FILE [--weights FILE] [--windows 2000] [--runs 9] [--json]
"""

import json
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import click
import numba
import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.table import Table
from torchvision.ops import roi_pool

from sppnet.data import DataError, read_image
from sppnet.detector import InputError, ModelError, load_backbone
from sppnet.detector.backbone.preprocessing import resized_size
from sppnet.detector.pooling.kernels import distinct_cells, pool_windows
from sppnet.detector.pooling.projection import window_cells
from sppnet.detector.pooling.pyramid import LEVELS
from sppnet.detector.scoring.boxes import clip
from sppnet.proposals import ProposalError, SelectiveSearch

from ..command.console import BAD_DATA, BAD_MODEL, say

SCALE = 600
BASELINE, KERNEL, COPY = "roi_pool, once per level", "kernel, buffer reused", "plain copy of the vectors"


@click.command()
@click.option("--image", "file", type=click.Path(path_type=Path), help="A photograph; without it, seeded noise.")
@click.option("--weights", default="random", help="Weights of squeezenet1_1: random, imagenet or a file.")
@click.option("--windows", "count", default=2000, type=click.IntRange(1), help="How many windows.")
@click.option("--runs", default=9, type=click.IntRange(1), help="Medians are over so many.")
@click.option("--seed", default=0, help="Of everything drawn at random.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(file: Path | None, weights: str, count: int, runs: int, seed: int, as_json: bool) -> None:
    """Time pyramid pooling of the windows of one image."""
    torch.set_num_threads(1)
    numba.set_num_threads(1)
    rng = np.random.default_rng(seed)
    try:
        image = read_image(file) if file else rng.integers(0, 256, (375, 500, 3), np.uint8)
        map, cells, found = _map_and_cells(image, weights, count, rng)
    except (DataError, ProposalError, InputError, ModelError) as error:
        say(f"error: {error}")
        click.get_current_context().exit(BAD_MODEL if isinstance(error, ModelError) else BAD_DATA)
    tasks = _tasks(map, cells)
    report = {
        "image": str(file) if file else f"noise of seed {seed}",
        "map": list(map.shape),
        "windows": count,
        "proposed": found,
        "distinct": len(distinct_cells(cells)[0]),
        "equal": _equal(map, cells),
        "milliseconds": _medians(tasks, runs),
    }
    if as_json:
        print(json.dumps(report))
    else:
        _show(report)


def _map_and_cells(
    image: npt.NDArray[np.uint8], weights: str, count: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32], int]:
    """Return the map, the cells of exactly `count` windows, and how many of them selective search proposed."""
    backbone = load_backbone("squeezenet1_1", weights)
    size = (image.shape[0], image.shape[1])
    map = backbone.map(image, SCALE)
    windows = SelectiveSearch(limit=count)(image)
    found = len(windows)
    spare = windows[rng.integers(0, found, count - found)]
    moved = clip(spare + rng.normal(0, 8, spare.shape).astype(np.float32), *size)
    cells = window_cells(
        np.concatenate([windows, moved]),
        image_size=size,
        scale=min(resized_size(size, SCALE)),
        stride=backbone.last.stride,
        first_centre=backbone.last.first_centre,
        map_size=(map.shape[0], map.shape[1]),
    )
    return map, cells, found


def _tasks(map: npt.NDArray[np.float32], cells: npt.NDArray[np.int32]) -> dict[str, Callable[[], object]]:
    """Return what is timed, by name; all that write to a buffer have touched it before."""
    vectors, index = pool_windows(map, cells)
    buffer, scattered = vectors.copy(), vectors[index]

    def scatter() -> None:
        np.take(pool_windows(map, cells, out=buffer)[0], index, axis=0, out=scattered, mode="clip")

    maps, rois = _roi_arguments(map, cells)
    return {
        BASELINE: lambda: [roi_pool(maps, rois, level) for level in LEVELS],
        KERNEL: lambda: pool_windows(map, cells, out=buffer),
        "kernel, fresh memory": lambda: pool_windows(map, cells),
        "kernel, buffers reused, one vector per window": scatter,
        "kernel, fresh memory, one vector per window": lambda: pool_windows(map, cells)[0][index],
        COPY: lambda: np.copyto(buffer, vectors),
    }


def _roi_arguments(map: npt.NDArray[np.float32], cells: npt.NDArray[np.int32]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the map as (1, C, H, W) and the windows as roi_pool wants them: map number, then inclusive cells."""
    rois = np.hstack([np.zeros((len(cells), 1)), cells - [0, 0, 1, 1]]).astype(np.float32)
    return torch.from_numpy(map).permute(2, 0, 1)[None].contiguous(), torch.from_numpy(rois)


def _equal(map: npt.NDArray[np.float32], cells: npt.NDArray[np.int32]) -> bool:
    """Return whether every window has the very values that roi_pool gives."""
    maps, rois = _roi_arguments(map, cells)
    vectors, index = pool_windows(map, cells)
    expected = [roi_pool(maps, rois, level).flatten(2) for level in LEVELS]  # (N, C, level * level)
    return torch.equal(torch.cat(expected, dim=2).transpose(1, 2).flatten(1), torch.from_numpy(vectors)[index])


def _medians(tasks: dict[str, Callable[[], object]], runs: int) -> dict[str, float]:
    """Return the median milliseconds of every task; they take turns, so that a busy machine slows all alike."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(runs):
        for name, task in tasks.items():
            start = perf_counter()
            task()
            times[name].append(1000 * (perf_counter() - start))
    return {name: float(np.median(each)) for name, each in times.items()}


def _show(report: dict[str, object]) -> None:
    milliseconds = report.pop("milliseconds")
    assert isinstance(milliseconds, dict)
    table = Table("task", "ms", "times faster than roi_pool", "times the plain copy")
    for name, time in milliseconds.items():
        table.add_row(name, f"{time:.1f}", f"{milliseconds[BASELINE] / time:.1f}", f"{time / milliseconds[COPY]:.1f}")
    console = Console()
    console.print(", ".join(f"{name}: {value}" for name, value in report.items()))
    console.print(table)


if __name__ == "__main__":
    main()
