"""`sppnet merge`: what the shards of a run found becomes the files that one run would have written."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import click

from sppnet import proposals
from sppnet.data import WRITERS, DataError, Results, detections_json, write_whole

from .command.console import finish, json_option
from .command.progress import Progress
from .command.spreading.entries import entry_objects, entry_windows
from .command.spreading.joining import Shards
from .command.spreading.records import Entry


@click.command("merge")
@click.argument("output", type=click.Path(path_type=Path))
@json_option
def command(output: Path, as_json: bool) -> None:
    """Join the shards of a run into its OUTPUT, the folder or file that -o or --save-detections named.

    All shards must be there, of the same models and settings, and every image in one of them. They stay: remove them
    when you have what you want.
    """
    shards = Shards(output)
    if shards.head["verb"] not in JOIN:
        raise DataError(f"{output}: has shards of {shards.head['verb']!r}, which this version does not know")
    with Progress() as progress:
        shards.check(progress)
        JOIN[shards.head["verb"]](output, shards.head, shards.entries(progress))
    result = {"output": str(output), "shards": shards.count, "images": shards.images, "skipped": shards.skipped}
    if as_json:
        click.echo(json.dumps(result))
    else:
        left_out = f", {shards.skipped:,} left out" if shards.skipped else ""
        click.echo(f"{shards.images:,} images of {shards.count} shards{left_out}: {output}")
    finish(skipped=shards.skipped > 0)


def _detected(output: Path, head: Entry, entries: Iterator[Entry]) -> None:
    """Write the formats that the shards were to write."""
    results = Results(output)
    with ExitStack() as stack:
        writers = [WRITERS[name] for name in head["settings"]["formats"]]
        writes = [stack.enter_context(writer(results, head["classes"])) for writer in writers]
        for entry in entries:
            for write in writes:
                write(entry["name"], entry["record"])
    results.clean()


def _proposed(output: Path, _head: Entry, entries: Iterator[Entry]) -> None:
    proposals.write_windows(output, ((entry["image"], entry_windows(entry)) for entry in entries))


def _evaluated(output: Path, head: Entry, entries: Iterator[Entry]) -> None:
    found = ((entry["image"], entry_objects(entry)) for entry in entries)
    write_whole(output, detections_json(found, head["classes"]).encode())


JOIN: dict[str, Callable[[Path, Entry, Iterator[Entry]], None]] = {
    "detect": _detected,
    "proposals": _proposed,
    "eval": _evaluated,
}
