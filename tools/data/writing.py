"""What the verbs that write data sets share."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import click

from sppnet.data import DataSet, write_data

from ..command.console import duration, say
from ..command.progress import Progress

output_option = click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="Folder to make; new, or empty."
)
images_option = click.option(
    "--images",
    type=click.Choice(["copy", "link", "none"]),
    default="copy",
    help="What happens to the images: copies, links to them, or only annotations.",
)


def write(output: Path, to: str, parts: Mapping[str, DataSet], images: str) -> dict[str, Any]:
    """Write a data set, say how much it is and what is lost, and return that, ready for JSON."""
    started = time.perf_counter()
    with Progress() as progress:
        losses = write_data(output, to, parts, images=cast(Any, images), progress=progress)
    seconds = time.perf_counter() - started
    for loss in losses:
        say(f"warning: {loss}")
    counts = {split: len(data) for split, data in parts.items()}
    told = ", ".join(f"{split or 'all'} {count:,} images" for split, count in counts.items())
    say(f"{output}: {to}, {told}, in {duration(seconds)}")
    return {"output": str(output), "format": to, "images": counts, "losses": losses, "seconds": seconds}
