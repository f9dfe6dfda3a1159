"""`make faults`: what was done to readers and writers on purpose, how often, and what was survived.

`python -m sppnet.tools.benchmarks.faults.table [--seed 0] [--quick] [--only WORD] [--json]`
"""

import importlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table

from ...command.console import CommandError, json_option, say, seed_option
from ...command.shown import cell, shown
from .outcome import Outcome

# The kinds of faults, each a module here with `outcomes`.
MODULES = ("budgets", "mutations", "hostile", "failing_calls", "kills", "locks", "threads", "memory")
MOST_SIGNS = 400  # of a note in the table


def rows(seed: int, quick: bool, only: str) -> Iterator[tuple[str, Outcome, float]]:
    """Yield every outcome, after the name of its module, with the seconds of the clock that it took.

    Args:
        seed: Of all faults that are drawn at random.
        quick: Whether each kind takes seconds instead of minutes.
        only: Part of the names of the modules wanted.
    """
    for module in MODULES:
        if only not in module:
            continue
        before = time.perf_counter()
        for outcome in importlib.import_module(f"{__package__}.{module}").outcomes(seed, quick):
            now = time.perf_counter()
            yield module, outcome, now - before
            before = now


@click.command()
@seed_option
@click.option("--quick", is_flag=True, help="A part of every kind: seconds instead of minutes.")
@click.option("--only", default="", metavar="WORD", help=f"Only kinds with this in their names: {', '.join(MODULES)}.")
@json_option
def command(seed: int, quick: bool, only: str, as_json: bool) -> None:
    """Print the table of faults; exit with 1 if one was not survived."""
    found = []
    for module, outcome, seconds in rows(seed, quick, only):
        found.append((module, outcome, seconds))
        if outcome.survived < outcome.tried:
            say(f"{module}: {outcome.fault}: {outcome.note}")
    if not found:
        raise CommandError(f"there is no kind of fault with {only!r} in its name: {', '.join(MODULES)}", 2)
    if as_json:
        click.echo(json.dumps([{"kind": module, **asdict(one), "seconds": seconds} for module, one, seconds in found]))
    else:
        _print(found)
    failed = sum(outcome.tried - outcome.survived for _, outcome, _ in found)
    if failed:
        raise CommandError(f"{failed:,} faults were not survived", 1)


def _print(found: list[tuple[str, Outcome, float]]) -> None:
    table = Table("fault")
    for column in ("tried", "survived", "seconds"):
        table.add_column(column, justify="right")
    table.add_column("note", overflow="fold")
    for module in dict.fromkeys(module for module, _, _ in found):
        of_module = [(outcome, seconds) for name, outcome, seconds in found if name == module]
        tried, survived = (sum(getattr(outcome, name) for outcome, _ in of_module) for name in ("tried", "survived"))
        table.add_section()
        total = f"{sum(seconds for _, seconds in of_module):.1f}"
        table.add_row(f"[bold]{cell(module)}", f"[bold]{tried:,}", f"[bold]{survived:,}", f"[bold]{total}", "")
        for outcome, seconds in of_module:
            note = shown(outcome.note)
            note = note if len(note) <= MOST_SIGNS else f"{note[:MOST_SIGNS]} ..."
            mark = "" if outcome.survived == outcome.tried else "[red]"
            numbers = f"{mark}{outcome.tried:,}", f"{mark}{outcome.survived:,}", f"{seconds:.1f}"
            table.add_row(cell(outcome.fault), *numbers, cell(note))
    Console().print(table)


if __name__ == "__main__":
    command()
