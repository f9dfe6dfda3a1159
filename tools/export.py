"""`sppnet export`: a model again, smaller, or for other programs."""

from pathlib import Path

import click

from sppnet import detector

from .command.console import model_output_option
from .command.options.completing import complete_model
from .command.options.detector_options import numbers
from .command.running.holding import hold


@click.command("export")
@click.option(
    "-m",
    "--model",
    shell_complete=complete_model,
    type=click.Path(path_type=Path),
    required=True,
    help="Folder of the model.",
)
@model_output_option
@click.option(
    "--format",
    "kind",
    type=click.Choice(["sppnet", "onnx"]),
    default="sppnet",
    help="A model of sppnet, or an ONNX file of the conv layers, arrays, and a runner of a page of numpy.",
)
@click.option(
    "--compress",
    "ranks",
    callback=numbers,
    help="Ranks that truncated singular values leave of fc6 and fc7, as 256,64.",
)
@click.option("--half", is_flag=True, help="Write float16: half the size.")
def command(model: Path, output: Path, kind: str, ranks: tuple[int, ...] | None, half: bool) -> None:
    """Make a smaller model of one, by float16 or thinner fc6 and fc7 (Girshick 2015), or one for other programs."""
    if kind == "onnx":
        if ranks or half:
            raise click.UsageError("--compress and --half are for --format sppnet")
        hold(output)
        detector.export_onnx(detector.load_detector(model), output)
        click.echo(f"the model is in {output}; next: read {output / 'README.md'}")
        return
    detector.check_writable(output)
    hold(output)
    network = detector.load_detector(model)
    (network.compress(ranks) if ranks else network).save(output, half=half)
    click.echo(f"the model is in {output}; next: sppnet eval -m {output} --data FOLDER")
