"""Tests of several options as one decorator."""

import click

from sppnet.tools.command.options.together import together


def test_options_are_named_in_their_order() -> None:
    @click.command()
    @together(click.option("--first"), click.option("--second"))
    @click.option("--third")
    def command(**_: str) -> None:
        pass

    assert [option.name for option in command.params] == ["first", "second", "third"]


def test_no_options_leave_a_command_as_it_is() -> None:
    def command() -> None:
        pass

    assert together()(command) is command
