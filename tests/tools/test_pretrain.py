"""Tests of `sppnet pretrain`: which of its options go together."""

import pytest
from click.testing import CliRunner

from sppnet.tools.cli import cli

REQUIRED = ["pretrain", "--data", "photos", "-o", "output"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--teacher", "FILE", "--epochs", "3"], "--epochs does not go with --teacher"),
        (["--teacher", "FILE", "--held-out", "0"], "--held-out does not go with --teacher"),
        (["--steps", "3"], "--steps needs --teacher"),
        (["--data", "more"], "labels are read from one --data folder"),
        (["--backbone", "vgg"], "'vgg' is not one of 'efficientnet_lite0'"),
    ],
)
def test_wrong_usage_is_told(options: list[str], problem: str) -> None:
    result = CliRunner().invoke(cli, REQUIRED + options)

    assert (result.exit_code, problem in result.stderr) == (2, True)
