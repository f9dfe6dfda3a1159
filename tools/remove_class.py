"""`sppnet remove-class`: a model without one of its classes; the others stay as they are."""

from pathlib import Path

import click

from sppnet import detector

from .command.console import model_output_option
from .command.options.completing import complete_model
from .command.running.holding import hold


@click.command("remove-class")
@click.argument("model", shell_complete=complete_model, type=click.Path(path_type=Path))
@click.argument("name")
@model_output_option
def command(model: Path, name: str, output: Path) -> None:
    """Make a model that does not know the class NAME of a MODEL."""
    detector.check_writable(output)
    hold(output)
    network = detector.load_detector(model).remove_class(name)
    network.save(output)
    click.echo(f"the model of {len(network.classes)} classes is in {output}; next: sppnet detect PHOTO -m {output}")
