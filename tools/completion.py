"""`sppnet completion`: the script with which a shell completes verbs, options and their values."""

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script by which a shell completes what is typed after `sppnet`."""
    group, completion = click.get_current_context().find_root().command, get_completion_class(shell)
    assert completion is not None
    click.echo(completion(group, {}, "sppnet", "_SPPNET_COMPLETE").source())
