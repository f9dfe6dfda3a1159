"""`sppnet data split`: one data set in, the same with the splits train and val out."""

from pathlib import Path

import click

from sppnet.data import DATA_WRITERS, find_format, hold_out

from ..command.console import FiniteRange, finish, json_option, lenient_option, seed_option
from ..command.inputs.splits import format_option, open_split
from ..command.options.completing import complete_split
from ..command.progress import Progress
from .writing import images_option, output_option, write


@click.command("split")
@click.argument("root", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--val",
    "share",
    type=FiniteRange(0, 1, min_open=True, max_open=True),
    default=0.2,
    help="Share of the images for val.",
)
@output_option
@click.option("--to", type=click.Choice(list(DATA_WRITERS)), help="Format to write.  [default: the one it has]")
@click.option(
    "--split",
    shell_complete=complete_split,
    help="Image set to divide.  [default: train if there is one, else all annotated images]",
)
@images_option
@format_option
@seed_option
@lenient_option
@json_option
def command(
    root: Path,
    share: float,
    output: Path,
    to: str | None,
    split: str | None,
    images: str,
    data_format: str | None,
    seed: int,
    lenient: bool,
    as_json: bool,
) -> None:
    """Divide a data set into train and val, at random but by what the image files hold: copies stay together."""
    found = find_format(root, data_format)
    data = open_split(root, split, usual="train", lenient=lenient, data_format=found)
    with Progress() as progress:
        train, val = hold_out(data, share, seed=seed, progress=progress)
    write(output, to or found, {"train": train, "val": val}, images, as_json)
    finish(skipped=bool(data.problems))
