"""Tests of the options that say what is done for an image beyond the usual."""

from typing import Any

import click
import pytest
from click.testing import CliRunner

from sppnet.detector import Inference, InputError
from sppnet.tools.command.options.inference_options import chosen_inference, inference_options


def asked(*arguments: str) -> Inference:
    """Return what a command with the options is asked for."""
    noted: list[Inference] = []

    @click.command()
    @inference_options
    def command(**settings: Any) -> None:
        noted.append(chosen_inference(settings))

    CliRunner().invoke(command, arguments, catch_exceptions=False, standalone_mode=False)
    return noted[0]


def test_without_options_nothing_is_done() -> None:
    assert asked() == Inference()


def test_every_option_is_taken() -> None:
    options = ("--scales", "480,600", "--mirror", "--soft", "--voting")

    assert asked(*options) == Inference((480, 600), mirror=True, soft=True, voting=True)


def test_a_scale_twice_is_refused() -> None:
    with pytest.raises(InputError, match="different short sides"):
        asked("--scales", "600,600")


@pytest.mark.parametrize("wrong", [["--scales", "0"], ["--scales", "big"]])
def test_wrong_usage_is_answered(wrong: list[str]) -> None:
    with pytest.raises(click.BadParameter):
        asked(*wrong)
