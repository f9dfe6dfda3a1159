"""`sppnet data stats`: how many objects of which class and size a data set has."""

import json
from pathlib import Path

import click

from sppnet.data import statistics, write_whole

from ..command.console import finish, json_option, lenient_option
from ..command.inputs.splits import format_option, open_split
from ..command.options.completing import complete_split
from ..reports.statistics import picture, show


def _picture(_context: click.Context, _option: click.Parameter, file: Path | None) -> Path | None:
    if file is not None and file.suffix != ".png":
        raise click.BadParameter(f"{file} must end in .png")
    return file


@click.command("stats")
@click.argument("root", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--split", shell_complete=complete_split, help="Image set.  [default: all annotated images]")
@click.option("-o", "--output", type=click.Path(path_type=Path), callback=_picture, help="Draw them into this .png.")
@format_option
@lenient_option
@json_option
def command(
    root: Path, split: str | None, output: Path | None, data_format: str | None, lenient: bool, as_json: bool
) -> None:
    """Count the objects of a data set: by class, by size, by aspect, by image, and which classes come together."""
    data = open_split(root, split, usual="", lenient=lenient, data_format=data_format)
    found = statistics(data)
    if as_json:
        click.echo(json.dumps(found.summary()))
    else:
        show(found.summary())
    if output is not None:
        write_whole(output, picture(found))
    finish(skipped=bool(data.problems))
