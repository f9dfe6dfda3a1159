"""`sppnet data check`: all that is wrong with a data set, at once, and a corrected copy of it."""

import json
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import click

from sppnet import detector, proposals
from sppnet.data import Report, check_data, find_format, splits, write_mended

from ..command.console import BAD_DATA, duration, finish, json_option, say
from ..command.inputs.splits import format_option
from ..command.options.completing import complete_split
from ..command.progress import SECONDS_BETWEEN_LINES, Progress
from ..command.running.holding import hold
from ..command.warm import warm_up
from ..reports.checking import show
from .convert import usual_splits

SHOWN = 5  # findings of each kind
MOST = 10_000  # of each kind that are held in memory; all are counted, and mended


def _names(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    if wrong := [old + sign + new for old, sign, new in pairs if not (old.strip() and new.strip())]:
        raise click.BadParameter(f"{wrong[0]!r} must be OLD=NEW")
    return {old.strip(): new.strip() for old, _, new in pairs}


@click.command("check")
@click.argument("root", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--split",
    "chosen",
    shell_complete=complete_split,
    multiple=True,
    help="Image set to check; several options for several, what is tested on last.  [default: train, val and test as "
    "far as there are such, else all annotated images]",
)
@click.option("--fix", "output", type=click.Path(path_type=Path), help="Folder to make for a corrected copy.")
@click.option(
    "--rename", multiple=True, metavar="OLD=NEW", callback=_names, help="Write a class under another name; with --fix."
)
@click.option("--proposals/--no-proposals", "searches", default=True, help="See which objects no window reaches.")
@click.option("--limit", type=click.IntRange(1), help="Search windows in only so many images, the first.")
@click.option("--all", "show_all", is_flag=True, help=f"Show {MOST:,} findings of each kind, not {SHOWN}.")
@format_option
@json_option
def command(
    root: Path,
    chosen: tuple[str, ...],
    output: Path | None,
    rename: dict[str, str],
    searches: bool,
    limit: int | None,
    show_all: bool,
    data_format: str | None,
    as_json: bool,
) -> None:
    """Say all that is wrong with the data set DIR: files, boxes, sizes, classes, copies. Nothing in it is changed.

    Exits with 3 if something is wrong for certain; with --fix, with 5 if the copy lacks something.
    """
    if rename and output is None:
        raise click.UsageError("--rename is for the copy that --fix writes")
    if output is not None and output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise click.UsageError(f"--fix {output} must be a new or empty folder: nothing is written over")
    if output is not None:
        hold(output, option="--fix")
    found = find_format(root, data_format)
    search = proposals.SelectiveSearch() if searches else None
    if search:
        warm_up(search, detection=False)
    _stride()  # here: images are looked at in threads
    started = time.perf_counter()
    report = check_data(
        root,
        format=found,
        splits=chosen or usual_splits(splits(root, format=found)),
        rename=rename,
        search=search,
        search_limit=limit,
        cell=_cell_side,
        keep=MOST if show_all or output else SHOWN,
        mend=output is not None,
        progress=_lines(),
    )
    seconds = time.perf_counter() - started
    if not as_json:
        show(report, MOST if show_all else SHOWN, MOST, changes=output is not None)
    fixed = None if output is None else _fix(report, output)
    if as_json:
        click.echo(json.dumps({**report.summary(), "seconds": seconds, "fixed": fixed}))
    say(f"checked in {duration(seconds)}")
    if fixed is None:
        click.get_current_context().exit(BAD_DATA if report.errors else 0)
    finish(skipped=fixed["left_out"] > 0)


def _fix(report: Report, output: Path) -> dict[str, Any]:
    """Write the corrected copy, and return what it holds and lacks, ready for JSON."""
    with Progress() as progress:
        losses = write_mended(output, report.format, report.mended, progress=progress)
    for loss in [*report.notes, *losses]:
        say(f"warning: {loss}")
    changes, left_out = report.tally.changes, report.tally.lost
    images = sum(map(len, report.mended.values()))
    say(f"{output}: {images:,} images, {changes:,} changes, of these {left_out:,} left out")
    return {"output": str(output), "images": images, "changes": changes, "left_out": left_out, "losses": losses}


def _cell_side(size: tuple[int, int]) -> float:
    """Return how many pixels of an image of this width and height a cell of the default detector's map covers."""
    pooling = detector.Pooling()
    return _stride() / min(pooling.scales[0] / min(size), pooling.max_side / max(size))


@cache
def _stride() -> int:
    """Return that of the finest map that the default backbone pools, in pixels of the resized image."""
    backbone = detector.load_backbone(weights="random")
    views = detector.usual_views(backbone.name)
    return min(backbone.named(view.map or backbone.last.name).stride for view in views)


def _lines() -> Callable[[int], None]:
    """Return what says now and then how many images have been read: how many there are is not known before."""
    last = time.monotonic()

    def tell(done: int) -> None:
        nonlocal last
        if time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            say(f"{done:,} images read")

    return tell
