"""Damaged files by the thousand: every reader reads on, or says in one line which file it does not read, and why.

`python -m sppnet.tools.benchmarks.faults.mutations [--seed 0] [--count 16000] [--quick] [--only WORD] [--number N]`
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from ...command.console import seed_option
from ...command.shown import shown
from .outcome import Outcome
from .reading.readers import READERS
from .reading.small_models import add_backbone
from .reading.worker import Verdict, Worker, damaged_file, mutated, read, write_files

COUNT, QUICK_COUNT = 16_000, 100  # of all readers together
MOST_SHOWN = 3  # that did not survive, of a reader
FIRST_SECONDS = 300.0  # for what is loaded and compiled once


def outcomes(
    seed: int, quick: bool, *, count: int | None = None, only: str = "", processes: int = 2
) -> Iterator[Outcome]:
    """Yield a row for each reader, the same for the same seed, as far as time and memory do not matter.

    Args:
        seed: Of all damages.
        quick: Whether few are made.
        count: How many are made, for all readers together; None for the usual number.
        only: Part of the names of the readers wanted.
        processes: That read side by side.
    """
    add_backbone()
    names = [name for name in READERS if only in name]
    each = -(-(count or (QUICK_COUNT if quick else COUNT)) // len(READERS))  # rounded up
    with TemporaryDirectory(prefix="sppnet-faults-") as folder, ThreadPoolExecutor(processes) as threads:
        for name in names:
            write_files(name, _source(Path(folder), name))
        workers = [Worker(Path(folder, f"empty {number}")) for number in range(processes)]
        try:
            yield from threads.map(partial(_mutations, workers, Path(folder), seed), names, repeat(each))
        finally:
            for worker in workers:
                worker.stop()


def _mutations(workers: list[Worker], folder: Path, seed: int, name: str, count: int) -> Outcome:
    """Return what came of the damages done to the files of a reader, in one of the processes that is free."""
    worker = workers.pop()
    source, place = _source(folder, name), folder / f"read {name}"
    try:
        worker.run(read, name, source, seconds=FIRST_SECONDS)  # which loads, compiles and keeps what it needs
        whole = worker.run(read, name, source)
        if not whole.survived:
            return Outcome(f"damaged {name}", count, 0, f"the file itself: {'; '.join(whole.said)}")
        verdicts = [worker.run(mutated, name, source, place, seed, number) for number in range(count)]
    finally:
        workers.append(worker)
    return Outcome(f"damaged {name}", count, sum(one.survived for one in verdicts), _note(verdicts, seed, name))


def _note(verdicts: list[Verdict], seed: int, name: str) -> str:
    bad = [(number, verdict) for number, verdict in enumerate(verdicts) if not verdict.survived]
    if not bad:
        read_on = sum(all(said.startswith("read") for said in verdict.said) for verdict in verdicts)
        slowest, largest = max(one.seconds for one in verdicts), max(one.megabytes for one in verdicts)
        return f"{read_on:,} read, {len(verdicts) - read_on:,} refused; at most {slowest:.1f} s, {largest:.0f} MB"
    shown = [f"number {number}: {_failure(verdict)}" for number, verdict in bad[:MOST_SHOWN]]
    return f"{'; '.join(shown)}; again: mutations --seed {seed} --only {name!r} --number {bad[0][0]}"


def _failure(verdict: Verdict) -> str:
    said = [said for said in verdict.said if not said.startswith("read")]
    return " ".join(" / ".join(said).split())[:400]


def _source(folder: Path, name: str) -> Path:
    return folder / f"good {name}"


@click.command()
@seed_option
@click.option("--count", type=click.IntRange(1), help=f"Of all readers together.  [default: {COUNT:,}]")
@click.option("--quick", is_flag=True, help=f"Only {QUICK_COUNT}.")
@click.option("--only", default="", metavar="WORD", help="Only readers with this in their names.")
@click.option("--number", type=click.IntRange(0), help="Only this one, its file written here, its error as it comes.")
@click.option("--processes", type=click.IntRange(1), default=min(2, os.cpu_count() or 1), help="Side by side.")
def command(seed: int, count: int | None, quick: bool, only: str, number: int | None, processes: int) -> None:
    """Print a row for each reader: damages, how many were survived, and what there is to know."""
    if number is not None:
        _again(seed, only, number)
        return
    for row in outcomes(seed, quick, count=count, only=only, processes=processes):
        click.echo(f"{row.fault:36}{row.tried:6,}{row.survived:6,}  {shown(row.note)}")


def _again(seed: int, name: str, number: int) -> None:
    """Do one damage again, in this process."""
    add_backbone()
    with TemporaryDirectory() as folder:
        write_files(name, Path(folder))
        file, content = damaged_file(name, Path(folder), seed, number)
        Path(folder, file).write_bytes(content)
        kept = Path(f"damaged-{number}-{Path(file).name}")
        kept.write_bytes(content)
        click.echo(f"{file}, as {kept}")
        for call in READERS[name].calls:
            try:
                click.echo(f"read, {call(Path(folder))}")
            except Exception:
                import traceback

                click.echo(traceback.format_exc())


if __name__ == "__main__":
    command()
