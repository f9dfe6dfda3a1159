"""Tests of options whose names a library knows: when it is asked, and what a wrong name is answered with."""

import os

import click
import pytest
from click.testing import CliRunner

from sppnet.tools.command.libraries import SETTINGS
from sppnet.tools.command.options.choices import ChoiceOf


def chosen(*arguments: str, several: bool = False) -> tuple[int, str]:
    """Return the exit code and what is said by a command with a choice of two."""

    @click.command()
    @click.option("--pet", type=ChoiceOf(lambda: {"cat": 1, "dog": 2}, several=several), default="dog")
    def command(pet: object) -> None:
        click.echo(repr(pet))

    result = CliRunner().invoke(command, arguments)
    return result.exit_code, result.output


def test_a_name_is_taken() -> None:
    assert chosen("--pet", "cat") == (0, "'cat'\n")
    assert chosen() == (0, "'dog'\n")


def test_a_wrong_name_is_answered_with_those_there_are() -> None:
    code, said = chosen("--pet", "?")

    assert code == 2
    assert "Invalid value for '--pet': '?' is not one of 'cat', 'dog'" in said


def test_several_names_have_commas_between_and_count_once() -> None:
    assert chosen("--pet", "dog, cat,dog", several=True) == (0, "['dog', 'cat']\n")
    assert chosen("--pet", "dog,", several=True)[0] == 2


def test_help_does_not_ask_for_the_names() -> None:
    @click.command()
    @click.option("--pet", type=ChoiceOf(lambda: pytest.fail("asked")))
    def command(pet: str) -> None: ...

    assert "--pet NAME|?" in CliRunner().invoke(command, ["--help"]).stdout


def test_libraries_are_set_up_before_they_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)

    assert ChoiceOf(lambda: os.environ).convert(next(iter(SETTINGS)), None, None) == next(iter(SETTINGS))


@pytest.mark.parametrize(
    ("several", "begun", "offered"),
    [(False, "", ["cat", "dog"]), (False, "d", ["dog"]), (True, "cat,", ["cat,dog"]), (True, "dog,c", ["dog,cat"])],
)
def test_a_shell_is_offered_the_names_that_are_left(several: bool, begun: str, offered: list[str]) -> None:
    option = click.Option(["--pet"], type=(choice := ChoiceOf(lambda: {"cat": 1, "dog": 2}, several=several)))

    assert [item.value for item in choice.shell_complete(click.Context(click.Command("x")), option, begun)] == offered
