"""`sppnet data`: what a person does with data sets themselves. A further verb is a file, and a line here."""

import click

from . import check, convert, split, stats


@click.group("data")
def command() -> None:
    """Check annotated data sets, look at them, convert them to other formats, and divide them."""


for verb in (check.command, convert.command, split.command, stats.command):
    command.add_command(verb)
