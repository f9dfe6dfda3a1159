"""Commands killed at random moments and run again: old or new, whole, the same bytes in the end, and nothing left over.

`python -m sppnet.tools.benchmarks.faults.kills [NAME...] [--seed 0] [--quick] [--kills 200]`

Each command runs once undisturbed, for its bytes. Then it is killed (SIGKILL) one to three times and run to its end,
again and again, every second time over an older output. Half of the moments are drawn from the seconds of the
undisturbed run, half of them from those in which it writes.
"""

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np

from ...command.console import seed_option
from ...command.shapes import write_shapes
from .forked import Forks, Run
from .outcome import Outcome

KILLS = 200
MOST_IN_TURN = 3  # kills before a run to the end
AT_THE_END = ("log.jsonl", "curves.png")  # come to a model after it is there
SMALL = (
    *("--weights", "random", "--scales", "120", "--max-windows", "60", "--val-split", "0"),
    *("--threads", "1", "--workers", "0"),
)

SECONDS = re.compile(rb"(?<= with seed 0) \(.* s\)")  # in the card of a model

Contents = dict[str, bytes]  # path -> bytes


@dataclass(frozen=True)
class Scenario:
    """A command that is killed.

    Attributes:
        arguments: Of the command; they write `output` in the folder they run in, and read `shapes`.
        output: File or folder.
        share: Of all kills, in percent.
        older: Further arguments of the run that made an older output; None if the command writes over nothing.
        grows: Whether the output is a folder that fills image by image.
        once: Whether the command refuses an output that is there.
    """

    arguments: tuple[str, ...]
    output: str
    share: int
    older: tuple[str, ...] | None = None
    grows: bool = False
    once: bool = False


# Trainings are few, because each takes seconds.
SCENARIOS = {
    "data convert": Scenario(("data", "convert", "shapes", "--to", "coco", "-o", "coco"), "coco", 30, once=True),
    "proposals": Scenario(
        ("proposals", "shapes", "-o", "found.npz", "--workers", "1"), "found.npz", 25, older=("--limit", "1")
    ),
    "detect --resume": Scenario(
        ("detect", "shapes/JPEGImages", "-m", "voc07-small", "--format", "jsonl", "--resume", "-o", "found"),
        *("found", 25),
        grows=True,
    ),
    "train, frozen + SVMs": Scenario(
        ("train", "--data", "shapes", "-o", "model", *SMALL), "model", 12, older=("--C", "0.1")
    ),
    "train, fine-tuned": Scenario(
        ("train", "--data", "shapes", "-o", "model", "--fine-tune", "conv", "--epochs", "1", *SMALL),
        *("model", 8),
        older=("--C", "0.1"),
    ),
}


def outcomes(seed: int, quick: bool, kills: int = KILLS, names: tuple[str, ...] = ()) -> Iterator[Outcome]:
    """Yield what came of the kills of each command; quick does a few, and no training."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_shapes(folder / "shapes", train=4, val=1, seed=seed)
        with Forks(folder, training=not quick) as forks:
            for place, (title, scenario) in enumerate(SCENARIOS.items()):
                if (names and title not in names) or (quick and title.startswith("train")):
                    continue
                count = 3 if quick else max(1, kills * scenario.share // 100)
                yield Trial(title, scenario, folder, forks, seed=[seed, place]).outcome(count)


class Trial:
    """A command that is killed again and again."""

    def __init__(
        self, title: str, scenario: Scenario, folder: Path, forks: Callable[..., list[Run]], *, seed: list[int]
    ) -> None:
        self._title, self._scenario, self._folder, self._forks = title, scenario, folder, forks
        self._random, self._seed = np.random.default_rng(seed), seed[0]
        self._faults: list[str] = []
        self._tried = self._survived = 0

    def outcome(self, kills: int) -> Outcome:
        """Kill so many times, and return what came of it."""
        scenario, older = self._scenario, Contents()
        if scenario.older is not None:
            self._completed(*scenario.older)
            older = self._written()
            clean(self._folder)
        self._completed()  # once before, so that loops are compiled
        clean(self._folder)
        usual = self._completed()
        whole = self._written()
        while self._tried < kills:
            clean(self._folder)
            replaces = bool(older) and bool(self._random.integers(2))
            _restore(self._folder, older if replaces else {})
            self._cycle(min(kills - self._tried, MOST_IN_TURN), usual, older if replaces else {}, whole)
        clean(self._folder)
        first = f"; {self._faults[0]}; `{_repeated(self._title, self._seed, kills)}` repeats it" if self._faults else ""
        note = f"{usual.seconds:.2f} s undisturbed{first}"
        return Outcome(f"kill -9: {self._title}", self._tried, self._survived, note)

    def _cycle(self, most: int, usual: Run, older: Contents, whole: Contents) -> None:
        """Kill a command up to so many times and let it end; a fault counts against all these kills."""
        before, kills, faults = self._tried, int(self._random.integers(1, most + 1)), list[str]()
        while self._tried - before < kills:
            busy = bool(self._random.integers(2))
            moment = float(self._random.uniform(0, usual.seconds - busy * usual.idle))
            [run] = self._forks(self._scenario.arguments, kill_after=moment, busy=busy)
            if run.code != -9:  # it was quicker
                break
            self._tried += 1
            where = f"after kill {self._tried} at {moment:.3f} s{' of writing' * busy}: "
            faults += self._halfway(older, whole, where)
        [run] = self._forks(self._scenario.arguments)
        if run.code and self._scenario.once and _below(self._written(), self._scenario.output) == whole:
            # Killed when all was there, and what is there is not written over: begun anew, it tidies up.
            shutil.rmtree(self._folder / self._scenario.output)
            [run] = self._forks(self._scenario.arguments)
        if run.code:
            faults.append(f"after kill {self._tried}: ended with {run.code}: {run.said}")
        else:
            faults += _differences(self._written(), whole, f"in the end, after kill {self._tried}: ")
        self._faults += faults
        self._tried += bool(faults) and self._tried == before
        self._survived += 0 if faults else self._tried - before

    def _halfway(self, older: Contents, whole: Contents, where: str) -> list[str]:
        """Return what is wrong with the output of a command that was killed."""
        found = _visible(_below(self._written(), self._scenario.output), AT_THE_END)
        old, new = (_visible(_below(each, self._scenario.output), AT_THE_END) for each in (older, whole))
        if self._scenario.grows:
            wrong = [name for name, content in found.items() if not new.get(name, b"").startswith(content)]
            wrong = [name for name in wrong if name in new] + [name for name in found if name not in new]
            return [f"{where}{name} is no beginning of what it is in the end" for name in wrong]
        if found in (new, old) or not (found or old):
            return []
        if not found:
            return [f"{where}the old one is lost"]
        others = sorted(_differences(found, new, ""), key=len)
        return [f"{where}{self._scenario.output} is neither old nor new: {others[0]}"]

    def _completed(self, *further: str) -> Run:
        [run] = self._forks((*self._scenario.arguments, *further))
        if run.code:
            raise click.ClickException(f"sppnet {' '.join(self._scenario.arguments)} ended with {run.code}: {run.said}")
        return run

    def _written(self) -> Contents:
        return contents(self._folder)


def clean(folder: Path) -> None:
    """Remove all in a folder but the shapes."""
    for path in folder.iterdir():
        if path.is_dir() and path.name != "shapes":
            shutil.rmtree(path)
        elif path.is_file():
            path.unlink()


def contents(folder: Path) -> Contents:
    """Return all files below a folder but the shapes, without seconds, and empty folders with a slash behind."""
    found = Contents()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name.startswith("shapes/"):
            continue
        if path.is_dir() and not any(path.iterdir()):
            found[f"{name}/"] = b""
        elif path.is_file():
            found[name] = _timeless(path)
    return found


def _timeless(path: Path) -> bytes:
    content = path.read_bytes()
    if path.name == "metrics.json":
        return json.dumps({name: each for name, each in json.loads(content).items() if name != "seconds"}).encode()
    if path.name == "log.jsonl":
        # Of a run that is gone on with, stages that were done before may be missing.
        lines = [json.loads(line) for line in content.splitlines()]
        return json.dumps([{**line, "seconds": 0} for line in lines if "round" in line or "epoch" in line]).encode()
    if path.name == "README.md":
        return SECONDS.sub(b"", content)
    return content


def _below(contents: Contents, output: str) -> Contents:
    return {name: content for name, content in contents.items() if name == output or name.startswith(f"{output}/")}


def _visible(contents: Contents, without: tuple[str, ...]) -> Contents:
    """Return what a person sees, but for some names."""
    names = {path: Path(path).name for path in contents if not path.endswith("/")}
    return {path: contents[path] for path, name in names.items() if not name.startswith(".") and name not in without}


def _differences(found: Contents, wanted: Contents, where: str) -> list[str]:
    kinds: Mapping[str, set[str]] = {
        "is left over": found.keys() - wanted.keys(),
        "is missing": wanted.keys() - found.keys(),
        "is another": {name for name in found.keys() & wanted.keys() if found[name] != wanted[name]},
    }
    return [f"{where}{name} {kind}" for kind, names in kinds.items() for name in sorted(names)]


def _restore(folder: Path, contents: Contents) -> None:
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def _repeated(title: str, seed: int, kills: int) -> str:
    return f"python -m sppnet.tools.benchmarks.faults.kills '{title}' --seed {seed} --kills {kills}"


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", type=click.Choice(list(SCENARIOS)))
@click.option("--kills", type=click.IntRange(5), default=KILLS, help="Of all commands together.")
@click.option("--quick", is_flag=True, help="Three kills of each command but the trainings.")
@seed_option
def command(names: tuple[str, ...], kills: int, quick: bool, seed: int) -> None:
    """Print what came of the kills of each command; exit with 1 if not all were survived."""
    failed = False
    for outcome in outcomes(seed, quick, kills, names):
        failed |= outcome.survived < outcome.tried
        click.echo(f"{outcome.fault:32}{outcome.survived:5} of {outcome.tried:3} survived  {outcome.note}")
    sys.exit(failed)


if __name__ == "__main__":
    command()
