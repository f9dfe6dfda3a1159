"""`sppnet proposals`: the windows of a folder's images in a file, and how many of their objects windows find."""

import json
import shutil
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
import numpy.typing as npt

from .command.console import (
    BAD_DATA,
    INTERRUPTED,
    CommandError,
    duration,
    finish,
    json_option,
    lenient_option,
    say,
    seed_option,
    workers_option,
)
from .command.progress import Progress
from .command.splits import ReadableImages, open_split, stored_windows
from .command.warm import warm_up
from .reports.recall import measure, scores, show, write_plots

if TYPE_CHECKING:
    from sppnet.proposals import SelectiveSearch

MODES = ("fast", "turbo", "quality", "exact")
FIND = "find"
NO_SPLIT = ""  # the name of none: all annotated images

Found = Generator[tuple[int, npt.NDArray[np.float32]], None, None]  # number of an image, and its windows


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


def _numbers(_context: click.Context, _option: click.Parameter, text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise click.BadParameter(f"{text!r} is not a list of positive whole numbers such as 100,1000")
    return sorted({int(part) for part in parts})


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
@click.option("--split", help="Image set.  [default: all annotated images]")
@click.option("--mode", type=click.Choice(MODES), default="fast", help="Settings of selective search.")
@click.option("--number", type=click.IntRange(1), default=2000, help="Windows per image, the best.")
@click.option("--limit", type=click.IntRange(1), help="Only so many images, the first.")
@lenient_option
@json_option
@workers_option
@seed_option
def find(
    root: Path,
    output: Path,
    split: str | None,
    mode: str,
    number: int,
    limit: int | None,
    lenient: bool,
    as_json: bool,
    workers: int,
    seed: int,
) -> None:
    """Compute the windows of the images of a VOC folder.

    Run again after an interruption, the same command takes up the windows that are there.
    """
    from sppnet.proposals import SelectiveSearch, write_windows

    search = SelectiveSearch(mode=mode, limit=number, seed=seed)
    voc = open_split(root, split, usual=NO_SPLIT, lenient=lenient)
    images = ReadableImages(voc, limit)
    cache = output.with_name(f"{output.name}.cache")
    warm_up(search, detector=False)
    output.parent.mkdir(parents=True, exist_ok=True)
    counts = []

    def named(found: Found) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
        for number, windows in found:
            counts.append(len(windows))
            yield voc.ids[number], windows

    started = time.perf_counter()
    try:
        with closing(_searched(images, search, workers, cache)) as found:
            write_windows(output, named(found))
    except KeyboardInterrupt:
        raise CommandError(f"interrupted; the same command takes up the windows in {cache}", INTERRUPTED) from None
    seconds = time.perf_counter() - started
    shutil.rmtree(cache, ignore_errors=True)
    result = {"file": str(output), "images": len(counts), "windows": sum(counts), "seconds": seconds}
    if as_json:
        click.echo(json.dumps(result | {"images_per_second": len(counts) / seconds}))
    else:
        speed = f"{len(counts) / seconds:.1f} images/s"
        click.echo(f"{len(counts):,} images, {sum(counts):,} windows in {duration(seconds)} ({speed}): {output}")
    finish(skipped=bool(voc.problems) or images.skipped > 0)


@command.command("recall")
@click.argument("root", metavar="DATA", type=click.Path(path_type=Path))
@click.option("--from", "source", type=click.Path(path_type=Path), help="Windows to measure: .npz, .json or .mat.")
@click.option("--mode", type=click.Choice(MODES), help="Measure those of selective search.  [default: fast]")
@click.option("--split", help="Image set.  [default: val if there is one, else all annotated images]")
@click.option("--limit", type=click.IntRange(1), help="Only so many images, the first.")
@click.option("--numbers", default="100,500,1000,2000", callback=_numbers, help="Windows per image to measure.")
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
    limit: int | None,
    numbers: list[int],
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
    voc = open_split(root, split, usual="val", lenient=lenient)
    images = ReadableImages(voc, limit)
    with closing(_stored(images, source) if source else _all_windows(images, mode or "fast", seed, workers)) as found:
        measured = measure(((windows, voc.target(number)) for number, windows in found), numbers)
    if not measured.counts:
        raise CommandError("there are windows of none of the images", BAD_DATA)
    if plots is not None:
        write_plots(plots, measured)
    result = scores(measured, voc.classes)
    if as_json:
        click.echo(json.dumps(result))
    else:
        show(result)
    finish(skipped=bool(voc.problems) or images.skipped > 0)


def _all_windows(images: ReadableImages, mode: str, seed: int, workers: int) -> Found:
    """Yield all windows that a mode of selective search finds: the first ones are those that a limit would leave."""
    from sppnet.proposals import SelectiveSearch

    search = SelectiveSearch(mode=mode, limit=sys.maxsize, seed=seed)
    warm_up(search, detector=False)
    return _searched(images, search, workers)


def _searched(images: ReadableImages, search: "SelectiveSearch", workers: int, cache: Path | None = None) -> Found:
    from sppnet.proposals import compute_windows

    pixels = (image for image, _ in images)
    with Progress() as progress, closing(compute_windows(pixels, search, folder=cache, workers=workers)) as found:
        for done, (_, windows) in enumerate(found):
            progress("images", done + 1, len(images))
            yield images.numbers[done], windows
    if not images.numbers:
        raise CommandError("none of the images could be read", BAD_DATA)


def _stored(images: ReadableImages, file: Path) -> Found:
    """Yield the windows of a file; an image without usable ones ends it, or is left out of a lenient run."""
    from sppnet.proposals import ProposalError, read_windows

    stored = read_windows(file, images.voc.ids)
    with Progress() as progress:
        for image, _ in images:
            number = images.numbers[-1]
            try:
                windows = stored_windows(stored, file, images.voc.ids[number], image.shape[:2])
            except ProposalError as error:
                if images.voc.strict:
                    raise
                images.skipped += 1
                say(f"skipped: {error}")
            else:
                yield number, windows
            progress("images", len(images.numbers), len(images))
