"""`sppnet data`: what a person does with data sets themselves. A further verb is a file, and a line here."""

import click

from . import convert, split, stats


@click.group("data")
def command() -> None:
    """Look at annotated data sets, convert them to other formats, and divide them."""


for verb in (convert.command, split.command, stats.command):
    command.add_command(verb)
