"""Files made to do harm: each comes to what it must, nothing is executed, and nothing outside is opened.

`python -m sppnet.tools.benchmarks.faults.hostile [--only WORD]`
"""

import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from ...command.shown import shown
from .outcome import Outcome
from .reading.hostile_files import HOSTILE, write
from .reading.readers import READERS
from .reading.small_models import add_backbone
from .reading.worker import Verdict, Worker, judged, write_files
from .reading.worker import read as read_good

QUICK = 3  # every so many-th is tried
FIRST_SECONDS = 300.0  # for what is loaded and compiled once


def outcomes(seed: int, quick: bool, *, only: str = "") -> Iterator[Outcome]:
    """Yield a row for each hostile file.

    Args:
        seed: Of nothing: the files are the same each time.
        quick: Whether only a part is tried.
        only: Part of the names wanted.
    """
    add_backbone()
    names = [name for name in HOSTILE if only in name][:: QUICK if quick else 1]
    with TemporaryDirectory(prefix="sppnet-faults-") as folder, Worker(Path(folder, "empty")) as worker:
        used = [HOSTILE[name].call for name in names]
        for reader in (reader for reader in READERS if READERS[reader].calls[0] in used):
            write_files(reader, Path(folder, f"good {reader}"))
            worker.run(read_good, reader, Path(folder, f"good {reader}"), seconds=FIRST_SECONDS)  # loads what it needs
        for number, name in enumerate(names):
            place = Path(folder, f"beside {number}", "read")
            write(HOSTILE[name].files(), place)
            verdict = worker.run(read, name, place, seconds=None if number else FIRST_SECONDS)
            yield row_of(name, verdict, HOSTILE[name].outcome, place)


def row_of(name: str, verdict: Verdict, wanted: str, folder: Path) -> Outcome:
    """Return whether what came of a file in a folder is what is wanted: a part of the message, or "read"."""
    said = " / ".join(verdict.said).replace(str(folder), "")
    came = said.startswith("read, ") if wanted == "read" else re.search(wanted, said)
    fine = verdict.survived and bool(came)
    measured = f"{verdict.seconds:.1f} s, {verdict.megabytes:.0f} MB: {said[:300]}"
    return Outcome(name, 1, int(fine), measured if fine else f"must come to {wanted!r}: {measured}")


def read(name: str, folder: Path) -> Verdict:
    """Return what comes of reading a hostile file."""
    return judged([HOSTILE[name].call], folder)


@click.command()
@click.option("--only", default="", metavar="WORD", help="Only files with this in their names.")
@click.option("--quick", is_flag=True, help=f"Every {QUICK}rd only.")
def command(only: str, quick: bool) -> None:
    """Print a row for each file: whether it came to what it must, and what it came to."""
    for row in outcomes(0, quick, only=only):
        click.echo(f"{row.fault:48}{'as it must' if row.survived else 'NOT SURVIVED':14}{shown(row.note)}")


if __name__ == "__main__":
    command()
