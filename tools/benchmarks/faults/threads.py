"""Results of the commands over numbers of threads and workers: the same bytes with `--deterministic`, near without.

`python -m sppnet.tools.benchmarks.faults.threads [KIND...] [--seed 0] [--quick]`

A model is trained on drawn shapes, and finds others. Each run is a process of its own.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from ...command.console import seed_option
from ...command.shapes import write_shapes
from .outcome import Outcome

RUNS = (1, 0), (2, 0), (1, 1), (2, 1), (1, 2), (2, 2), (4, 2)  # threads and workers; all are compared with the first
TOLERANCE = 1e-3  # of a score, without --deterministic
SAME = "--deterministic"
MODEL, PHOTOS, FOUND = ("-m", "{folder}/model"), ("{folder}/data/JPEGImages",), "found/detections.jsonl"
DETECT = ("detect", *PHOTOS, "--no-images", "--format", "jsonl", "-o", "found", "--conf", "0.05")
TRAIN = ("train", "--data", "{folder}/data", "-o", "learned")
WEIGHTS = "learned/model.safetensors"
# Kind -> arguments of `sppnet`, and the file that is compared.
KINDS: dict[str, tuple[tuple[str, ...], str]] = {
    "proposals": (("proposals", "{folder}/data", "-o", "windows.npz"), "windows.npz"),
    "detect": ((*DETECT, *MODEL, SAME), FOUND),
    "detect, torch": ((*DETECT, *MODEL, "--engine", "torch", SAME), FOUND),
    "eval": (("eval", "--data", "{folder}/data", *MODEL, "--save-detections", "found.json", SAME), "found.json"),
    "train": ((*TRAIN, SAME), WEIGHTS),
    "train, conv layers": ((*TRAIN, "--preset", "hours", "--epochs", "2", SAME), WEIGHTS),
    "near: detect": ((*DETECT, *MODEL), FOUND),
    "near: detect, torch": ((*DETECT, *MODEL, "--engine", "torch"), FOUND),
}
QUICK = ("proposals", "detect")


@click.command()
@click.argument("kinds", nargs=-1, type=click.Choice(list(KINDS)), metavar="[KIND]...")
@click.option("--quick", is_flag=True, help="Two runs of the bundled model.")
@seed_option
def command(kinds: tuple[str, ...], quick: bool, seed: int) -> None:
    """Print a row for each kind: how many runs, how many gave the same, and seconds of each run."""
    for outcome in outcomes(seed, quick, kinds):
        click.echo(f"{outcome.fault:34}{outcome.tried:4}{outcome.survived:4}  {outcome.note}")


def outcomes(seed: int, quick: bool, kinds: Sequence[str] = ()) -> Iterator[Outcome]:
    """Yield for every kind how many runs gave what the first one gave; a quick one takes the bundled model."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_shapes(folder / "data", train=1 if quick else 8, val=1 if quick else 4, seed=seed)
        if quick:
            (folder / "model").symlink_to(Path(__file__).parents[3] / "detector" / "models" / "voc07-small")
        else:
            _run([*TRAIN, "--val-split", "0"], folder, (2, 2))
            (folder / "learned").rename(folder / "model")
        for kind in kinds or (QUICK if quick else KINDS):
            yield _outcome(kind, folder, (RUNS[0], RUNS[5]) if quick else RUNS, seed)


def near(first: str, second: str) -> bool:
    """Return whether two files of JSON Lines tell the same objects, with scores inside the tolerance."""
    lists = [
        [(found["label"], found["score"]) for line in text.splitlines() for found in json.loads(line)["detections"]]
        for text in (first, second)
    ]
    return len(lists[0]) == len(lists[1]) and all(
        one[0] == other[0] and abs(one[1] - other[1]) <= TOLERANCE for one, other in zip(*lists, strict=True)
    )


def _outcome(kind: str, folder: Path, runs: Sequence[tuple[int, int]], seed: int) -> Outcome:
    arguments, file = KINDS[kind]
    results, seconds = [], []
    for run in runs:
        started = time.perf_counter()
        _run(arguments, folder, run)
        seconds.append(time.perf_counter() - started)
        results.append((folder / file).read_bytes())
    same = [result == results[0] for result in results]
    if kind.startswith("near"):
        same = [near(results[0].decode(), result.decode()) for result in results]
    note = f"{min(seconds):.1f} to {max(seconds):.1f} s a run; {len(results[0]):,} bytes, {len({*results})} different"
    if not all(same):
        threads, workers = runs[same.index(False)]
        note = f"other with --threads {threads} --workers {workers}: faults.threads {kind!r} --seed {seed}; {note}"
    return Outcome(f"threads and workers: {kind}", len(runs), sum(same), note)


def _run(arguments: Sequence[str], folder: Path, run: tuple[int, int]) -> None:
    """Run a command in a folder with so many threads and workers; what is said of a failure is shown."""
    numbers = ["--workers", str(run[1])]
    if arguments[0] != "proposals":  # an image's are found by one thread
        numbers += ["--threads", str(run[0])]
    given = [argument.format(folder=folder) for argument in arguments]
    call = [sys.executable, "-m", "sppnet", *given, *numbers]
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise click.ClickException(f"{' '.join(call[1:])} ended with {done.returncode}: {done.stderr[-1000:]}")


if __name__ == "__main__":
    command()
