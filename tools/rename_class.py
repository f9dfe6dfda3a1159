"""`sppnet rename-class`: a model with another name for one of its classes."""

from pathlib import Path

import click

from sppnet import detector

from .command.console import model_output_option
from .command.options.completing import complete_model
from .command.running.holding import hold


@click.command("rename-class")
@click.argument("model", shell_complete=complete_model, type=click.Path(path_type=Path))
@click.argument("name")
@click.argument("new_name")
@model_output_option
def command(model: Path, name: str, new_name: str, output: Path) -> None:
    """Make a model that calls the class NAME of a MODEL NEW_NAME."""
    detector.check_writable(output)
    hold(output)
    detector.load_detector(model).rename_class(name, new_name).save(output)
    click.echo(f"the model is in {output}; next: sppnet detect PHOTO -m {output}")
