"""Tests of what all commands say alike."""

import subprocess
import sys

import click
import pytest
import torch
from click.testing import CliRunner

from sppnet.tools.command.console import device_option, duration, find_device, warn


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (99, "99 s"), (150, "2 min"), (9000, "2.5 h")])
def test_times_are_told_as_a_person_would(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_of_many_problems_ten_are_told_and_their_number(capsys: pytest.CaptureFixture[str]) -> None:
    warn([f"problem {number}" for number in range(12)])

    lines = capsys.readouterr().err.splitlines()
    assert (len(lines), lines[-1]) == (11, "warning: 12 problems in all")


@click.command()
@device_option
def where(device: str) -> None:
    """Tell the device that a command is given."""
    click.echo(find_device(device))


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Let torch see so many GPUs."""
    monkeypatch.setattr("sppnet.tools.command.console.may_have_gpu", lambda: request.param > 0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: request.param > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: request.param)


@pytest.mark.parametrize(
    ("gpus", "arguments", "found"),
    [
        (0, [], "cpu"),
        (2, [], "cuda"),
        (0, ["--device", "auto"], "cpu"),
        (2, ["--device", "cpu"], "cpu"),
        (1, ["--device", "cuda"], "cuda"),
        (2, ["--device", "cuda:1"], "cuda:1"),
    ],
    indirect=["gpus"],
)
@pytest.mark.usefixtures("gpus")
def test_the_device_is_the_one_asked_for_or_the_best_there_is(arguments: list[str], found: str) -> None:
    result = CliRunner().invoke(where, arguments)

    assert (result.stdout, result.exit_code) == (f"{found}\n", 0)


@pytest.mark.parametrize(
    ("gpus", "device", "reason"),
    [
        (0, "cuda", "'cuda' cannot be had: torch sees no GPU"),
        (1, "cuda:1", "'cuda:1' cannot be had: torch sees 1 GPU, the first is cuda:0"),
        (2, "cuda:2", "'cuda:2' cannot be had: torch sees 2 GPUs, the first is cuda:0"),
    ],
    indirect=["gpus"],
)
@pytest.mark.usefixtures("gpus")
def test_a_device_that_is_not_there_is_wrong_usage(device: str, reason: str) -> None:
    result = CliRunner().invoke(where, ["--device", device])

    assert result.exit_code == 2
    assert f"Invalid value for '--device': {reason}" in result.stderr


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:-1", "cuda:one", "CPU", "cpu:0", "", "cuda:0\n"])
def test_what_names_no_device_is_wrong_usage(device: str) -> None:
    result = CliRunner().invoke(where, ["--device", device])

    assert result.exit_code == 2
    assert f"{device!r} is no device: give auto, cpu, cuda, or cuda:1 for the second GPU" in result.stderr


def test_that_there_is_no_gpu_is_known_without_torch() -> None:
    code = (
        "import click, sys; import sppnet.tools.command.gpus as gpus; gpus.FILES = ()\n"
        "from sppnet.tools.command.console import device_option, find_device\n"
        "command = click.command()(device_option(lambda device: find_device(device)))\n"
        "command([], standalone_mode=False); sys.exit('torch' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
