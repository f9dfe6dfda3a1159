"""Tests of `sppnet rename-class`."""

from pathlib import Path

from click.testing import CliRunner

from sppnet.detector import load_detector
from sppnet.tools.cli import cli


def rename(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["rename-class", "voc07-small", *map(str, arguments)])
    return done.exit_code, done.output


def test_a_class_of_the_bundled_model_is_renamed(tmp_path: Path) -> None:
    code, output = rename("tvmonitor", "screen", "-o", tmp_path / "renamed")

    assert code == 0, output
    assert load_detector(tmp_path / "renamed").classes[-1] == "screen"


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    code, output = rename("tvmonitor", "dog", "-o", tmp_path / "renamed")

    assert code == 3 and "no class of the model has, not 'dog'" in output
