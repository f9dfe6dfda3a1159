"""Runs at once on one output and on one cache, and holders of a lock that die: each ends well or says who is before it.

`python -m sppnet.tools.benchmarks.faults.locks [--seed 0] [--quick]`
"""

import re
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from ...command.console import USAGE, seed_option
from ...command.shapes import write_shapes
from .forked import Forks, Run
from .kills import SMALL, Contents, clean, contents
from .outcome import Outcome

AT_ONCE = 8
REFUSED = re.compile(r"error: (\S+) is being written by process \d+ \(sppnet .+, since .+\): wait for it, or give .+")
# Command -> its arguments, and the output that it writes.
ON_ONE_OUTPUT = {
    "proposals": (("proposals", "shapes", "-o", "found.npz", "--workers", "1"), "found.npz"),
    "data convert": (("data", "convert", "shapes", "--to", "coco", "-o", "coco"), "coco"),
    "detect": (("detect", "shapes/JPEGImages", "-m", "voc07-small", "--format", "jsonl", "-o", "found"), "found"),
}


def outcomes(seed: int, quick: bool) -> Generator[Outcome, None, None]:
    """Yield what came of runs at once; quick does two at once, and no training."""
    count = 2 if quick else AT_ONCE
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_shapes(folder / "shapes", train=4, val=1, seed=seed)
        with Forks(folder, training=not quick) as forks:
            for title, (arguments, output) in ON_ONE_OUTPUT.items():
                yield _on_one_output(folder, forks, title, arguments, output, count)
            yield _after_a_death(folder, forks, count)
            if not quick:
                yield _on_one_cache(folder, forks, count)
                yield _on_the_default_cache_of_another(folder, forks)


def _on_one_output(
    folder: Path, forks: Forks, title: str, arguments: Sequence[str], output: str, count: int
) -> Outcome:
    """Begin a command several times at once: one writes, the others say so, and are as good as not begun."""
    alone = _alone(folder, forks, arguments)
    runs = forks(*[arguments] * count)
    wrong = [run for run in runs if run.code and not _refused(run, output) and not _is_there(run, output)]
    well = any(run.code == 0 for run in runs) and contents(folder) == alone
    clean(folder)
    note = _note([run.said for run in wrong], well, f"{sum(_refused(run, output) for run in runs)} refused")
    return Outcome(f"{count} at once on one output: {title}", count, (count - len(wrong)) * well, note)


def _after_a_death(folder: Path, forks: Forks, count: int) -> Outcome:
    """Kill a command that holds a lock, and begin it again at once."""
    arguments, _ = ON_ONE_OUTPUT["proposals"]
    alone, well, said = _alone(folder, forks, arguments), 0, list[str]()
    for number in range(count):
        [killed] = forks(arguments, kill_after=0.002 * number, busy=True)
        [again] = forks(arguments)
        well += killed.code != -9 or (again.code == 0 and contents(folder) == alone)
        said += [again.said] * bool(again.code)
        clean(folder)
    return Outcome("a lock whose holder was killed", count, well, _note(said, well == count))


def _on_one_cache(folder: Path, forks: Forks, count: int) -> Outcome:
    """Train several models at once with one cache: all are as one that is trained alone."""
    [first] = forks(_training("alone"))
    alone = _tensors(folder / "alone")
    runs = [first, *forks(*(_training(f"model{number}", "--cache", "shared") for number in range(count)))]
    same = [_tensors(folder / f"model{number}") == alone for number in range(count)]
    names = {path.name for path in folder.iterdir() if path.name not in ("shapes", "alone")}
    left = names - {"shared", *(f"model{number}" for number in range(count))}
    left |= {path.name for path in (folder / "shared").glob("*")} - {"windows", "maps"}
    clean(folder)
    note = _note([run.said for run in runs if run.code], all(same) and not left, ", ".join(sorted(left)))
    return Outcome(f"{count} trainings at once on one --cache", count, sum(same) * (not left), note)


def _on_the_default_cache_of_another(folder: Path, forks: Forks) -> Outcome:
    """Train a model, and at once another with the first one's cache, which is removed by nobody who uses it."""
    runs = forks(_training("model"), _training("other", "--cache", "model.cache"))
    [third] = forks(_training("model"))  # has the cache for itself
    left = {path.name for path in folder.iterdir()} - {"shapes", "model", "other"}
    same = _tensors(folder / "model") == _tensors(folder / "other") != b""
    clean(folder)
    note = _note([run.said for run in (*runs, third) if run.code], same and not left, ", ".join(sorted(left)))
    well = sum(run.code == 0 for run in runs) * (same and not left)
    return Outcome("a training with the default cache of another", 2, well, note)


def _training(output: str, *further: str) -> tuple[str, ...]:
    return ("train", "--data", "shapes", "-o", output, *SMALL, *further)


def _alone(folder: Path, forks: Forks, arguments: Sequence[str]) -> Contents:
    """Return what a command writes that runs alone."""
    [run] = forks(arguments)
    if run.code:
        raise click.ClickException(f"sppnet {' '.join(arguments)} ended with {run.code}: {run.said}")
    found = contents(folder)
    clean(folder)
    return found


def _refused(run: Run, output: str) -> bool:
    match = REFUSED.fullmatch(run.said)
    return run.code == USAGE and match is not None and match[1] == output


def _is_there(run: Run, output: str) -> bool:
    """Return whether a command refused what another one had written before."""
    return run.code == 3 and f"{output}: must be a new or empty folder" in run.said


def _note(said: Sequence[str], well: bool, further: str = "") -> str:
    return said[0] if said else further if well else f"other bytes, or something left over: {further}"


def _tensors(model: Path) -> bytes:
    file = model / "model.safetensors"
    return file.read_bytes() if file.exists() else b""


@click.command()
@click.option("--quick", is_flag=True, help="Two at once, and no training.")
@seed_option
def command(quick: bool, seed: int) -> None:
    """Print what came of runs at once; exit with 1 if not all ended as they should."""
    failed = False
    for outcome in outcomes(seed, quick):
        failed |= outcome.survived < outcome.tried
        click.echo(f"{outcome.fault:46}{outcome.survived:3} of {outcome.tried:2} survived  {outcome.note}")
    sys.exit(failed)


if __name__ == "__main__":
    command()
