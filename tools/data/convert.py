"""`sppnet data convert`: a data set in one format in, the same in another out."""

from pathlib import Path

import click

from sppnet.data import DATA_WRITERS, DataSet, splits

from ..command.console import finish, json_option, lenient_option, say
from ..command.inputs.splits import format_option, open_split, usual_split
from ..command.options.completing import complete_split
from .writing import images_option, output_option, write

USUAL = ("train", "val")


@click.command("convert")
@click.argument("source", metavar="SRC", type=click.Path(path_type=Path))
@output_option
@click.option("--to", type=click.Choice(list(DATA_WRITERS)), required=True, help="Format to write.")
@click.option(
    "--split",
    "chosen",
    shell_complete=complete_split,
    multiple=True,
    help="Image set to convert; several options for several.  [default: train, val and test as far as there are such, "
    "else all annotated images]",
)
@images_option
@format_option
@lenient_option
@json_option
def command(
    source: Path,
    output: Path,
    to: str,
    chosen: tuple[str, ...],
    images: str,
    data_format: str | None,
    lenient: bool,
    as_json: bool,
) -> None:
    """Write the data set SRC in another format. What that cannot hold is counted and said.

    The boxes, classes and splits stay the same, to the last digit. Nothing is written over.
    """
    known = splits(source, format=data_format)
    names = chosen or usual_splits(known)
    if names != [""] and (others := [name for name in known if name not in names]):
        say(f"{source}: of its splits {', '.join(names)} are converted, not {', '.join(others)}")
    parts: dict[str, DataSet] = {
        name: open_split(source, name or None, usual="", lenient=lenient, data_format=data_format) for name in names
    }
    write(output, to, parts, images, as_json)
    finish(skipped=any(data.problems for data in parts.values()))


def usual_splits(known: list[str]) -> list[str]:
    """Return the splits that are converted where none is named; [""] stands for all of a data set."""
    found = [usual_split(known, usual) for usual in USUAL]
    tests = [name for name in known if usual_split([name], "test")]
    return list(dict.fromkeys(filter(None, [*found, *tests]))) or [""]
