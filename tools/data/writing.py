"""What the verbs that write data sets share."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import click

from sppnet.data import DataSet, write_data

from ..command.console import duration, say
from ..command.progress import Progress
from ..command.running.holding import hold

output_option = click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="Folder to make; new, or empty."
)
images_option = click.option(
    "--images",
    type=click.Choice(["copy", "link", "none"]),
    default="copy",
    help="What happens to the images: copies, links to them, or only annotations.",
)


def write(output: Path, to: str, parts: Mapping[str, DataSet], images: str, as_json: bool) -> None:
    """Write a data set, say what is lost, and print how much it is."""
    hold(output)
    started = time.perf_counter()
    with Progress() as progress:
        losses = write_data(output, to, parts, images=cast(Any, images), progress=progress)
    seconds = time.perf_counter() - started
    for loss in losses:
        say(f"warning: {loss}")
    counts = {split: len(data) for split, data in parts.items()}
    if as_json:
        result = {"output": str(output), "format": to, "images": counts, "losses": losses, "seconds": seconds}
        click.echo(json.dumps(result))
    else:
        told = ", ".join(f"{split or 'all'} {count:,} images" for split, count in counts.items())
        click.echo(f"{output}: {to}, {told}, in {duration(seconds)}")
