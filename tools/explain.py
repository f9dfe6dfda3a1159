"""`sppnet explain`: why a window of an image scored what it scored, as text, as a picture and as JSON."""

import json
from pathlib import Path

import click

from sppnet import detector
from sppnet.data import read_image, write_whole

from .command.console import (
    FiniteRange,
    device_option,
    engine_option,
    find_device,
    json_option,
    say,
    set_threads,
    threads_option,
)
from .command.options.completing import complete_model
from .command.running.models import BUNDLED, load
from .command.warm import warm_up
from .reports.explanation import lines, picture


def _sides(context: click.Context, option: click.Parameter, text: str | None) -> tuple[float, ...] | None:
    """Return the four numbers of a box."""
    if text is None:
        return None
    parts = text.split(",")
    if len(parts) != 4:
        raise click.BadParameter(f"{text!r} is not x1,y1,x2,y2")
    return tuple(FiniteRange().convert(part.strip(), option, context) for part in parts)


def _picture_file(_context: click.Context, _option: click.Parameter, file: Path | None) -> Path | None:
    """Return a file that the picture can be written to."""
    if file is not None and file.suffix.lower() != ".png":
        raise click.BadParameter(f"the picture is a PNG file, and {str(file)!r} does not end in .png")
    if file is not None and not file.parent.is_dir():
        raise click.BadParameter(f"{file}: there is no folder {file.parent}")
    return file


@click.command("explain")
@click.argument("image", type=click.Path(path_type=Path))
@click.option(
    "-m",
    "--model",
    shell_complete=complete_model,
    type=click.Path(path_type=Path),
    help=f"Folder of a model that `sppnet train` made.  [default: {BUNDLED}, a small model that comes with sppnet]",
)
@click.option("--object", "number", type=click.IntRange(1), help="Number of a detection, the best is 1.  [default: 1]")
@click.option("--box", callback=_sides, metavar="x1,y1,x2,y2", help="Any window instead, in pixels.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_picture_file,
    help="Draw it: a PNG file, which is replaced if it is there.",
)
@json_option
@device_option
@engine_option
@threads_option
def command(
    image: Path,
    model: Path | None,
    number: int | None,
    box: tuple[float, ...] | None,
    output: Path | None,
    as_json: bool,
    device: str,
    engine: str,
    threads: int | None,
) -> None:
    """Show why a window of an IMAGE scored what it scored.

    Objects are numbered as `sppnet detect` lists them, and go on below its least score.
    """
    if number is not None and box is not None:
        raise click.UsageError("give either --object or --box")
    if output is not None and output.resolve() == image.resolve():
        raise click.UsageError(f"{output} is the image itself: name another file for the picture")
    set_threads(threads)
    pixels = read_image(image)
    network = load([] if model is None else [model], "union", find_device(device), engine)
    explainer = detector.Explainer(network)
    warm_up(network.search)
    seen = explainer.look(pixels, confidence=0.0)
    if box is not None:
        found = seen.explain(box=box)
    elif (number or 1) > len(seen.detections):
        raise detector.InputError(f"{image}: there is no object {number or 1}: {len(seen.detections)} were found")
    else:
        found = seen.explain((number or 1) - 1)
    if output is not None:
        write_whole(output, picture(pixels, found))
    if as_json:
        click.echo(json.dumps({"image": str(image), **found.to_json(), "object": number if box is None else None}))
        return
    for line in lines(found):
        click.echo(line)
    say("-o FILE.png draws it" if output is None else f"the picture is in {output}")
