"""Our SVMs against scikit-learn's LinearSVC on one feature matrix: time, peak memory, objective.

python -m sppnet.tools.benchmarks.svm \
    [--data VOC2007 --weights FILE | --features X.npy --labels Y.npy] [--runs 3] [--json]
"""

import json
import os
import resource
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import click
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from sppnet.data import VOC
from sppnet.detector import load_backbone
from sppnet.detector.pooling.features import WindowFeatures
from sppnet.detector.scoring.svm import fit_svms
from sppnet.detector.training.images import TrainingImages
from sppnet.proposals import SelectiveSearch

WINDOWS = 20  # taken from one image, besides its objects
TOLERANCES = {"own": 1e-3, "scikit-learn": 1e-2}  # lead to objectives about as near to the optimum

Files = tuple[Path, Path]


@click.command()
@click.option("--data", envvar="SPPNET_VOC2007", type=click.Path(path_type=Path), help="A VOC folder: real features.")
@click.option("--weights", envvar="SPPNET_TRUNK", default="imagenet", help="Weights of squeezenet1_1.")
@click.option("--features", type=click.Path(path_type=Path, exists=True), help="float32 (N, D) as .npy, with --labels.")
@click.option("--labels", type=click.Path(path_type=Path, exists=True), help="int8 (N, K) as .npy.")
@click.option("--rows", default=8000, type=click.IntRange(100), help="Rows of features made here.")
@click.option("--dims", default=25600, type=click.IntRange(1), help="Dimensions of synthetic features.")
@click.option(
    "--classes", type=click.IntRange(1), help="Classes timed with scikit-learn, its time scaled up; else all."
)
@click.option("--runs", default=3, type=click.IntRange(1), help="Both solvers in turn, so often; medians count.")
@click.option(
    "--threads", default=1, type=click.IntRange(1), help="For both; LinearSVC itself never uses more than one."
)
@click.option("--seed", default=0, help="Of everything drawn at random.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(
    data: Path | None,
    weights: str,
    features: Path | None,
    labels: Path | None,
    rows: int,
    dims: int,
    classes: int | None,
    runs: int,
    threads: int,
    seed: int,
    as_json: bool,
) -> None:
    """Time both solvers, each run in a process of its own; without data or features, on synthetic features."""
    if (features is None) != (labels is None):
        raise click.UsageError("--features and --labels go together")
    for library in ("OMP", "OPENBLAS", "NUMBA"):
        os.environ[f"{library}_NUM_THREADS"] = str(threads)
    with TemporaryDirectory() as folder:
        if features and labels:
            files, source = (features, labels), str(features)
        else:
            files, source = (Path(folder, "features.npy"), Path(folder, "labels.npy")), str(data or "synthetic")
            if data:
                _apart(_write_real, files, data, weights, rows, seed)
            else:
                _apart(_write_synthetic, files, rows, dims, seed)
        report = _compare(files, classes, runs, seed)
    report |= {"source": source, "threads": threads}
    print(json.dumps(report)) if as_json else _show(report)


def _apart(function: Callable[..., Any], *arguments: object) -> Any:
    """Call a function in a new process: memory is measured per process, and a child inherits its parent's peak."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(function, *arguments).result()


def _compare(files: Files, classes: int | None, runs: int, seed: int) -> dict[str, Any]:
    shape, total = np.load(files[0], mmap_mode="r").shape, np.load(files[1], mmap_mode="r").shape[1]
    timed = np.linspace(0, total - 1, min(classes or total, total)).astype(np.int64)
    own, oracle = [], []
    for _ in range(runs):
        own.append(_apart(_run, "own", files, np.arange(total), seed))
        oracle.append(_apart(_run, "scikit-learn", files, timed, seed))
    seconds = float(np.median([run["seconds"] for run in own]))
    scaled = float(np.median([run["seconds"] for run in oracle])) * total / len(timed)
    excess = own[0]["objectives"][timed] / oracle[0]["objectives"] - 1
    return {
        "rows": shape[0],
        "dims": shape[1],
        "classes": total,
        "classes_timed_with_scikit_learn": len(timed),
        "seconds": {"own": seconds, "scikit-learn": scaled},
        "times_faster": scaled / seconds,
        "matrix_mb": 4e-6 * shape[0] * shape[1],
        "peak_mb": {"own": max(run["peak_mb"] for run in own), "scikit-learn": max(run["peak_mb"] for run in oracle)},
        "objective": {
            "own": float(own[0]["objectives"][timed].sum()),
            "scikit-learn": float(oracle[0]["objectives"].sum()),
        },
        "objective_excess": {"least": float(excess.min()), "most": float(excess.max())},
        "epochs": {"own": own[0]["epochs"].tolist(), "scikit-learn": oracle[0]["epochs"].tolist()},
    }


def _run(solver: Any, files: Files, classes: npt.NDArray[np.int64], seed: int) -> dict[str, Any]:
    """Return what one fit of some classes took; imports and compilation come before."""
    features, labels = np.load(files[0]), np.ascontiguousarray(np.load(files[1])[:, classes])
    fit_svms(np.eye(2, dtype=np.float32), np.array([[1], [-1]], np.int8), solver=solver, max_epochs=1000)
    start = perf_counter()
    svms = fit_svms(features, labels, tolerance=TOLERANCES[solver], max_epochs=1000, seed=seed, solver=solver)
    seconds = perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024e-6  # Linux counts kibibytes
    return {"seconds": seconds, "peak_mb": peak, "objectives": svms.objectives, "epochs": svms.epochs}


def _write_real(files: Files, data: Path, weights: str, rows: int, seed: int) -> None:
    """Write the features, centred and of norm 20, of the objects of some images and of random windows beside them."""
    random = np.random.default_rng(seed)
    voc = VOC(data, "train")
    chosen = [voc[int(number)] for number in random.permutation(len(voc))[: -(-rows // WINDOWS)]]
    with TemporaryDirectory() as folder:
        images = TrainingImages(voc.classes, WindowFeatures(load_backbone("squeezenet1_1", weights)), Path(folder))
        images.prepare(chosen, SelectiveSearch(), workers=0, progress=lambda *_: None, total=len(chosen))
        scaling = images.measure_scaling(np.arange(len(images)), norm=20, centre=True, standardise=True, seed=seed)
        features, labels = _create(files, rows, images.features.dimensions, len(voc.classes))
        start = 0
        for number in range(len(images)):
            objects = np.arange(images.proposals(number), len(images.windows(number)))
            others = random.permutation(images.proposals(number))[:WINDOWS]
            here = np.concatenate([objects, others])[: rows - start]
            features[start : start + len(here)] = scaling.apply(images.vectors(number, here).all())
            labels[start : start + len(here)] = images.labels(number)[here]
            start += len(here)


def _write_synthetic(files: Files, rows: int, dims: int, seed: int) -> None:
    """Write features of norm 20 with 64 common factors, and 20 classes that are 2 % of the rows each."""
    random = np.random.default_rng(seed)
    features, labels = _create(files, rows, dims, 20)
    factors, loads = (random.standard_normal(shape, np.float32) for shape in ((rows, 64), (64, dims)))
    for start in range(0, rows, 256):
        block = factors[start : start + 256] @ loads
        block += 8 * random.standard_normal(block.shape, np.float32)
        features[start : start + 256] = block * (20 / np.linalg.norm(block, axis=1, keepdims=True))
    scores = factors @ random.standard_normal((64, 20), np.float32)
    labels[:] = np.where(scores > np.quantile(scores, 0.98, axis=0), 1, -1)


def _create(files: Files, rows: int, dims: int, classes: int) -> tuple[np.memmap[Any, Any], np.memmap[Any, Any]]:
    features = np.lib.format.open_memmap(files[0], "w+", np.float32, (rows, dims))
    return features, np.lib.format.open_memmap(files[1], "w+", np.int8, (rows, classes))


def _show(report: dict[str, Any]) -> None:
    table = Table("", "own", "scikit-learn")
    table.add_row("seconds, all classes", *(f"{report['seconds'][solver]:.1f}" for solver in TOLERANCES))
    table.add_row("peak memory, MB", *(f"{report['peak_mb'][solver]:.0f}" for solver in TOLERANCES))
    table.add_row("sum of objectives", *(f"{report['objective'][solver]:.5f}" for solver in TOLERANCES))
    console = Console()
    console.print(
        f"{report['rows']} x {report['dims']} ({report['matrix_mb']:.0f} MB), {report['classes']} classes, "
        f"{report['source']}, {report['threads']} thread(s)"
    )
    console.print(table)
    console.print(
        f"Ours is {report['times_faster']:.1f} times faster; its objectives differ by "
        f"{report['objective_excess']['least']:+.1e} to {report['objective_excess']['most']:+.1e}, relative."
    )
    if report["classes_timed_with_scikit_learn"] < report["classes"]:
        console.print(
            f"scikit-learn was timed on {report['classes_timed_with_scikit_learn']} classes, its seconds scaled up; "
            "objectives are of these classes."
        )


if __name__ == "__main__":
    main()
