"""`sppnet proposals`: the windows of a folder's images in a file, and how many of their objects windows find."""

import json
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from functools import partial
from itertools import tee
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt

from sppnet import proposals
from sppnet.data import Item, Target

from .command.console import (
    BAD_DATA,
    INTERRUPTED,
    CommandError,
    duration,
    finish,
    json_option,
    lenient_option,
    seed_option,
    workers_option,
)
from .command.inputs.items import Items
from .command.inputs.splits import format_option, open_split
from .command.options.choices import ChoiceOf
from .command.options.completing import complete_split
from .command.options.detector_options import numbers
from .command.progress import Progress
from .command.running.holding import Cache, hold
from .command.spreading.cluster import Cluster, on_ray, ray_option
from .command.spreading.entries import windows_entry
from .command.spreading.records import Records
from .command.spreading.shards import Shard, shard_option
from .command.warm import warm_up
from .reports.recall import measure, scores, show, write_plots

FIND = "find"
NO_SPLIT = ""  # names no split, so all annotated images are taken

Found = Generator[tuple[int, Target], None, None]  # the number of each image, and its target with its windows


class Proposals(click.Group):
    """Finds windows, unless another verb is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the verb in that was left out."""
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = [FIND, *args]
        return super().parse_args(ctx, args)


def _output(_context: click.Context, _option: click.Parameter, file: Path) -> Path:
    if file.suffix.lower() not in (".npz", ".json"):
        raise click.BadParameter(f"{file} must end in .npz or .json")
    return file


@click.group(
    "proposals",
    cls=Proposals,
    options_metavar="",
    subcommand_metavar="DATA -o FILE [OPTIONS] | recall DATA [OPTIONS]",
)
def command() -> None:
    """Compute the windows of a folder's images, or measure how many objects windows find.

    `sppnet proposals DATA -o FILE` is short for `sppnet proposals find DATA -o FILE`.
    """


@command.command(FIND)
@click.argument("root", metavar="DATA", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, callback=_output, help="File: .npz or .json."
)
@click.option("--split", shell_complete=complete_split, help="Image set.  [default: all annotated images]")
@format_option
@click.option("--mode", type=ChoiceOf(lambda: proposals.MODES), default="fast", help="Settings of selective search.")
@click.option("--number", type=click.IntRange(1), default=2000, help="Windows per image, the best.")
@click.option("--limit", type=click.IntRange(1), help="Only so many images, the first.")
@shard_option
@ray_option
@lenient_option
@json_option
@workers_option
@seed_option
def find(
    root: Path,
    output: Path,
    split: str | None,
    data_format: str | None,
    mode: str,
    number: int,
    limit: int | None,
    shard: Shard | None,
    ray: str | None,
    lenient: bool,
    as_json: bool,
    workers: int,
    seed: int,
) -> None:
    """Compute the windows of the images of a data set.

    Run again after an interruption, the same command takes up the windows that are there.
    """
    search = proposals.SelectiveSearch(mode=mode, limit=number, seed=seed)
    data = open_split(root, split, usual=NO_SPLIT, lenient=lenient, data_format=data_format)
    output.parent.mkdir(parents=True, exist_ok=True)
    hold(shard.file(output) if shard else output)
    head = {"verb": "proposals", "search": repr(search), "settings": [split, data_format, limit]}
    records = Records(output, shard, head) if shard else None
    items = Items(data, limit, lenient=lenient, records=records)
    cluster = Cluster(ray, partial(partial, _propose, search)) if ray else None
    stored = Cache(output.with_name(f"{output.name}.cache"))
    warm_up(search, detection=False)
    counts = []

    def named(found: Found) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
        for number, target in found:
            counts.append(len(target["windows"]))
            yield data.ids[number], target["windows"]
        if not counts and not records:
            raise CommandError("none of the images could be read", BAD_DATA)

    started = time.perf_counter()
    try:
        with closing(_searched(items, search, workers, None if records else stored.folder, cluster)) as found:
            if records:
                for image, windows in named(found):
                    records.add(image, windows_entry(windows))
                records.finish()
            else:
                proposals.write_windows(output, named(found))
    except KeyboardInterrupt:
        kept = records.file if records else stored.folder
        again = "" if ray and not records else f"; the same command takes up the windows in {kept}"
        raise CommandError(f"interrupted{again}", INTERRUPTED) from None
    seconds = time.perf_counter() - started
    stored.remove()
    result = {"file": str(output), "images": len(counts), "windows": sum(counts), "seconds": seconds}
    if as_json:
        click.echo(json.dumps(result | {"images_per_second": len(counts) / seconds}))
    else:
        speed = f"{len(counts) / seconds:.1f} images/s"
        click.echo(f"{len(counts):,} images, {sum(counts):,} windows in {duration(seconds)} ({speed}): {output}")
    finish(skipped=bool(data.problems) or items.skipped > 0)


@command.command("recall")
@click.argument("root", metavar="DATA", type=click.Path(path_type=Path))
@click.option("--from", "source", type=click.Path(path_type=Path), help="Windows to measure: .npz, .json or .mat.")
@click.option(
    "--mode", type=ChoiceOf(lambda: proposals.MODES), help="Measure those of selective search.  [default: fast]"
)
@click.option(
    "--split",
    shell_complete=complete_split,
    help="Image set.  [default: val, valid or test if there is one, else all annotated images]",
)
@format_option
@click.option("--limit", type=click.IntRange(1), help="Only so many images, the first.")
@click.option("--numbers", default="100,500,1000,2000", callback=numbers, help="Windows per image to measure.")
@click.option("--plots", type=click.Path(path_type=Path, file_okay=False), help="Folder for two figures.")
@lenient_option
@json_option
@workers_option
@seed_option
def recall(
    root: Path,
    source: Path | None,
    mode: str | None,
    split: str | None,
    data_format: str | None,
    limit: int | None,
    numbers: tuple[int, ...],
    plots: Path | None,
    lenient: bool,
    as_json: bool,
    workers: int,
    seed: int,
) -> None:
    """Measure how many objects windows find, from a file or those of selective search.

    Recall is the share of objects that some window overlaps by 0.5 or 0.7, average recall its mean from 0.5 to 0.95,
    MABO the mean overlap of the best window. Difficult objects do not count.
    """
    if source is not None and mode is not None:
        raise click.UsageError("give either a file with --from or a --mode of selective search")
    data = open_split(root, split, usual="val", lenient=lenient, data_format=data_format)
    items = Items(data, limit, lenient=lenient, windows=source, lenient_windows=True)
    with closing(_stored(items) if source else _all_windows(items, mode or "fast", seed, workers)) as found:
        measured = measure(((target["windows"], target) for _, target in found), sorted(set(numbers)))
    if not measured.counts:
        raise CommandError("there are windows of none of the images", BAD_DATA)
    if plots is not None:
        write_plots(plots, measured)
    result = scores(measured, data.classes)
    if as_json:
        click.echo(json.dumps(result))
    else:
        show(result)
    finish(skipped=bool(data.problems) or items.skipped > 0)


def _all_windows(items: Items, mode: str, seed: int, workers: int) -> Found:
    """Yield all windows that a mode of selective search finds: the first ones are those that a limit would leave."""
    search = proposals.SelectiveSearch(mode=mode, limit=sys.maxsize, seed=seed)
    warm_up(search, detection=False)
    return _searched(items, search, workers)


def _propose(search: "proposals.SelectiveSearch", numbered: tuple[int, Item]) -> tuple[int, Target]:
    number, (image, target) = numbered
    return number, {**target, "windows": search(image)}


def _searched(
    items: Items,
    search: "proposals.SelectiveSearch",
    workers: int,
    cache: Path | None = None,
    cluster: Cluster | None = None,
) -> Found:
    """Yield the windows that a search finds in the images, and say how far that is."""
    results = on_ray(cluster, items.numbered()) if cluster else _searched_here(items, search, workers, cache)
    with Progress() as progress, closing(results):
        for count, result in enumerate(results, 1):
            progress("images", count, len(items))
            yield result


def _searched_here(items: Items, search: "proposals.SelectiveSearch", workers: int, cache: Path | None) -> Found:
    """Yield the windows of the images, whose numbers wait until theirs have been found."""
    done, ahead = tee(items.numbered())
    pixels = (image for _, (image, _) in ahead)
    found = proposals.compute_windows(pixels, search, folder=cache, workers=workers)
    with closing(found):
        for (_, windows), (number, (_, target)) in zip(found, done, strict=True):
            yield number, {**target, "windows": windows}


def _stored(items: Items) -> Found:
    """Yield the windows that the images carry."""
    with Progress() as progress:
        for count, (number, (_, target)) in enumerate(items.numbered(), 1):
            yield number, target
            progress("images", count, len(items))
