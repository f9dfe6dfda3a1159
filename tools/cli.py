"""The `sppnet` command: finds the verb's module when it is asked for, and turns errors into messages and exit codes."""

import importlib
import sys
import warnings
from typing import Any

import click
from click.shell_completion import CompletionItem

from .command.console import BAD_DATA, BAD_MODEL, INTERRUPTED, CommandError, say
from .command.faults import fault
from .command.shown import shown

COMMANDS = {
    "detect": "Find the objects in images and draw them.",
    "train": "Train a model on a folder of annotated images.",
    "explain": "Show why a window of an image scored what it scored.",
    "eval": "Score a model, or given detections, on annotated images.",
    "pretrain": "Learn conv layers for detectors, from labels or a larger backbone.",
    "classify": "Tell what images show, or score a classifier on labelled ones.",
    "add-class": "Teach a model further classes from a few images.",
    "remove-class": "Make a model without one of its classes.",
    "rename-class": "Call a class of a model by another name.",
    "export": "Make a model smaller.",
    "data": "Check data sets, look at them, convert and divide them.",
    "serve": "Show what a model sees on a page of this machine, and answer programs by HTTP.",
    "merge": "Join what the shards of a run found.",
    "proposals": "Compute the windows of images, or measure their recall.",
    "bench": "Race SPP-net against R-CNN and other detectors on the same images.",
    "represent": "Measure how well the layers of a backbone tell whole images apart.",
    "demo": "Find the objects in a photograph that is installed along.",
    "doctor": "Tell what is installed and what is slow here, and compile the inner loops ahead.",
    "completion": "Print what lets a shell complete commands, options and names.",
}
# By name, because importing the errors themselves would import torch.
EXIT_CODES = {"DataError": BAD_DATA, "ProposalError": BAD_DATA, "InputError": BAD_DATA, "ModelError": BAD_MODEL}


# What options were called before; they still work.
RENAMED = {
    "--trunk": "--backbone",
    "--teacher-trunk": "--teacher-backbone",
    "--views": "--framing",
    "--rate": "--learning-rate",
    "--decay": "--weight-decay",
}


class Commands(click.Group):
    """Imports the module of a verb only when the verb is run, so that help is quick and torch stays out of it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order in which they are used."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the verb `sppnet NAME`, which its module calls `command`; None for an unknown one."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"sppnet.tools.{cmd_name.replace('-', '_')}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the verb and its arguments, options of old names under their new ones."""
        name, verb, rest = super().resolve_command(ctx, args)
        return name, verb, [_renamed(argument, quiet=ctx.resilient_parsing) for argument in rest]

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem[str]]":
        """Return the verbs that what was typed begins, without importing them."""
        verbs = [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        return verbs + click.Command.shell_complete(self, ctx, incomplete)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; an error that is not click's own becomes a message of one line and an exit code."""
        try:
            if sys.stdout is None:
                raise CommandError("standard output is closed, and results are written there: send them to a file", 1)
            return super().invoke(ctx)
        except click.ClickException as error:
            error.message = shown(error.message)  # type: ignore[misc]  # declared final; show() prints it as it is
            raise
        except (click.exceptions.Exit, BrokenPipeError):
            raise
        except (Exception, KeyboardInterrupt) as error:
            if ctx.params["debug"]:
                raise
            message, code = _explain(error)
            say(f"error: {message}")
            ctx.exit(code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(package_name="sppnet")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Detect objects with spatial pyramid pooling (SPP-net): convolve an image once, score thousands of windows."""


def main() -> None:
    """Run the command line of this process."""
    warnings.showwarning = lambda message, *_args, **_options: say(f"warning: {message}")
    cli(prog_name="sppnet")


def _renamed(argument: str, *, quiet: bool) -> str:
    """Return an option under its name of today, and say so if that is another one, unless quiet."""
    option, equals, value = argument.partition("=")
    if option not in RENAMED:
        return argument
    if not quiet:
        say(f"warning: {option} is called {RENAMED[option]} now")
    return f"{RENAMED[option]}{equals}{value}"


def _explain(error: BaseException) -> tuple[str, int]:
    if isinstance(error, CommandError):
        return str(error), error.code
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", INTERRUPTED
    codes = [EXIT_CODES[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in EXIT_CODES]
    if codes:
        return str(error), codes[0]
    if (message := fault(error)) is not None:
        return message, 1
    return f"internal error: {type(error).__name__}: {error}; `sppnet --debug ...` shows the traceback", 1
