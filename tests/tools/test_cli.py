"""Tests of the `sppnet` command as a whole: help, errors and exit codes."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from sppnet.data import DataError, ImageError
from sppnet.detector import InputError, ModelError
from sppnet.proposals import ProposalError
from sppnet.tools.cli import COMMANDS, cli
from sppnet.tools.command.console import CommandError


def run_failing(monkeypatch: pytest.MonkeyPatch, error: BaseException, *options: str) -> Result:
    @click.command()
    def broken() -> None:
        raise error

    monkeypatch.setattr("sppnet.tools.demo.command", broken)
    return CliRunner().invoke(cli, [*options, "demo"])


def heavy_imports(*commands: Sequence[str | Path]) -> set[str]:
    """Run commands in a process of their own and return which libraries they imported that take a second."""
    code = (
        "import ast, sys; from sppnet.tools.cli import cli\n"
        "for command in ast.literal_eval(sys.argv[1]): cli(command, standalone_mode=False)\n"
        "print(*{'torch', 'torchvision', 'numba', 'cv2'} & set(sys.modules), file=sys.stderr)"
    )
    arguments = repr([list(map(str, command)) for command in commands])
    result = subprocess.run([sys.executable, "-c", code, arguments], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return set(result.stderr.splitlines()[-1].split())


def test_help_imports_neither_torch_nor_numba_nor_opencv() -> None:
    assert heavy_imports(["--help"], *([name, "--help"] for name in COMMANDS)) == set()


def test_help_lists_all_commands_in_order() -> None:
    listed = CliRunner().invoke(cli, ["--help"]).stdout.split("Commands:")[1]

    assert re.findall(r"^  (\S+)", listed, re.MULTILINE) == list(COMMANDS)  # what is wrapped is further to the right


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_its_options(name: str) -> None:
    assert "Options:" in CliRunner().invoke(cli, [name, "--help"]).stdout


@pytest.mark.parametrize("arguments", [["fly"], ["detect"], ["detect", "x.jpg", "--conf", "2"], ["--colour"]])
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(cli, arguments).exit_code == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DataError("cause"), 3),
        (ImageError("cause"), 3),
        (ProposalError("cause"), 3),
        (InputError("cause"), 3),
        (ModelError("cause"), 4),
        (CommandError("cause", 5), 5),
    ],
)
def test_a_users_mistake_is_one_line_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, error: Exception, code: int
) -> None:
    result = run_failing(monkeypatch, error)

    assert (result.stderr, result.stdout, result.exit_code) == ("error: cause\n", "", code)


def test_an_internal_error_says_how_to_see_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_failing(monkeypatch, ZeroDivisionError("division by zero"))

    assert result.exit_code == 1
    assert result.stderr == (
        "error: internal error: ZeroDivisionError: division by zero; `sppnet --debug ...` shows the traceback\n"
    )


def test_debug_lets_the_error_through(monkeypatch: pytest.MonkeyPatch) -> None:
    error = ZeroDivisionError()

    assert run_failing(monkeypatch, error, "--debug").exception is error


def test_a_full_disk_is_named_with_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_failing(monkeypatch, OSError(28, "No space left on device", "out.jpg"))

    assert (result.stderr, result.exit_code) == ("error: out.jpg: No space left on device\n", 1)


def test_a_lack_of_memory_is_no_internal_error(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_failing(monkeypatch, MemoryError("Unable to allocate 3 TiB"))

    assert (result.stderr.split(";")[0], result.exit_code) == (
        "error: there is not enough memory (Unable to allocate 3 TiB)",
        1,
    )


@pytest.mark.parametrize("error", [DataError("a\x1b[31m\n\u202eb"), click.UsageError("a\x1b[31m\n\u202eb")])
def test_names_reach_the_terminal_escaped(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    assert r"a\x1b[31m\n\u202eb" in run_failing(monkeypatch, error).stderr


def test_a_closed_standard_output_is_an_error_before_anything_is_lost() -> None:
    arguments = [sys.executable, "-m", "sppnet", "doctor", "--json"]
    result = subprocess.run(["sh", "-c", '"$@" >&-', "sh", *arguments], capture_output=True, text=True)

    assert result.returncode == 1
    assert result.stderr == "error: standard output is closed, and results are written there: send them to a file\n"


def test_an_interruption_exits_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_failing(monkeypatch, KeyboardInterrupt())

    assert (result.stderr, result.exit_code) == ("error: interrupted\n", 130)


def test_a_closed_pipe_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_failing(monkeypatch, BrokenPipeError(32, "Broken pipe")).stderr == ""


@pytest.mark.parametrize("option", [["--trunk", "none"], ["--trunk=none"]])
def test_an_option_of_an_old_name_works_and_says_the_new_one(option: list[str]) -> None:
    result = CliRunner().invoke(cli, ["train", "--data", "nowhere", "-o", "nothing", *option])

    assert result.exit_code == 2
    assert "warning: --trunk is called --backbone now" in result.stderr
    assert "Invalid value for '--backbone': 'none'" in result.stderr
