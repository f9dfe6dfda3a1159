"""Pyramid pooling of an image's windows against `torchvision.ops.roi_pool` called once per level, on one thread.

python -m sppnet.tools.benchmarks.pooling --image FILE [--weights FILE] [--windows 2000] [--runs 9] [--json]
"""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import replace
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
from sppnet.detector.pooling.features import WindowFeatures
from sppnet.detector.pooling.pyramid import LEVELS
from sppnet.detector.pooling.vectors import WindowVectors
from sppnet.detector.scoring.boxes import clip
from sppnet.detector.timing import Stopwatch
from sppnet.proposals import ProposalError, SelectiveSearch

from ..command.console import BAD_DATA, BAD_MODEL, say

BASELINE, COPY = "roi_pool, once per level", "plain copy of the distinct vectors"
DETECTION = "block by block, as detection pools them"

Windows = npt.NDArray[np.float32]


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
        windows, found = _windows(image, count, rng)
        vectors = WindowFeatures(load_backbone("squeezenet1_1", weights)).vectors(image, windows)
    except (DataError, ProposalError, InputError, ModelError) as error:
        say(f"error: {error}")
        click.get_current_context().exit(BAD_MODEL if isinstance(error, ModelError) else BAD_DATA)
    assert isinstance(vectors, WindowVectors)
    [map] = vectors.maps.values()
    tasks = _tasks(vectors)
    report = {
        "image": str(file) if file else f"noise of seed {seed}",
        "map": list(map.shape),
        "windows": count,
        "proposed": found,
        "distinct": len(vectors),
        "equal": _equal(vectors),
        "milliseconds": _medians(tasks, runs),
    }
    if as_json:
        print(json.dumps(report))
    else:
        _show(report)


def _windows(image: npt.NDArray[np.uint8], count: int, rng: np.random.Generator) -> tuple[Windows, int]:
    """Return exactly `count` windows of an image, and how many of them selective search proposed."""
    windows = SelectiveSearch(limit=count)(image)
    spare = windows[rng.integers(0, len(windows), count - len(windows))]
    moved = clip(spare + rng.normal(0, 8, spare.shape).astype(np.float32), image.shape[0], image.shape[1])
    return np.concatenate([windows, moved]), len(windows)


def _tasks(vectors: WindowVectors) -> dict[str, Callable[[], object]]:
    """Return what is timed, by name; what writes to a buffer has touched it before."""
    maps, rois = _roi_arguments(vectors)
    distinct = replace(vectors, index=np.arange(len(vectors))).all()
    buffer = distinct.copy()
    return {
        BASELINE: lambda: [roi_pool(maps, rois, level) for level in LEVELS],
        DETECTION: lambda: deque(vectors.blocks(Stopwatch()), maxlen=0),
        "one vector per window, in fresh memory, as training reads them": vectors.all,
        COPY: lambda: np.copyto(buffer, distinct),
    }


def _roi_arguments(vectors: WindowVectors) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the map as (1, C, H, W) and the windows as roi_pool wants them: map number, then inclusive cells."""
    [place] = vectors.places
    [map] = vectors.maps.values()
    cells = place.cells[0][vectors.index]
    rois = np.hstack([np.zeros((len(cells), 1)), cells - [0, 0, 1, 1]]).astype(np.float32)
    return torch.as_tensor(map).permute(2, 0, 1)[None].contiguous(), torch.from_numpy(rois)


def _equal(vectors: WindowVectors) -> bool:
    """Return whether every window has the very values that roi_pool gives."""
    maps, rois = _roi_arguments(vectors)
    expected = [roi_pool(maps, rois, level).flatten(2) for level in LEVELS]  # (N, C, level * level)
    return torch.equal(torch.cat(expected, dim=2).transpose(1, 2).flatten(1), torch.from_numpy(vectors.all()))


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
