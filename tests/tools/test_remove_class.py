"""Tests of `sppnet remove-class`."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from sppnet.detector import load_detector
from sppnet.tools.cli import cli


def test_a_class_of_the_bundled_model_is_removed(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["remove-class", "voc07-small", "dog", "-o", str(tmp_path / "no-dogs")])

    assert done.exit_code == 0, done.output
    assert "the model of 19 classes" in done.output
    whole, fewer = load_detector("voc07-small"), load_detector(tmp_path / "no-dogs")
    assert fewer.classes == tuple(name for name in whole.classes if name != "dog")


@pytest.mark.parametrize(("name", "code"), [("dragon", 3), ("", 3)])
def test_a_class_that_is_not_there_is_named(tmp_path: Path, name: str, code: int) -> None:
    done = CliRunner().invoke(cli, ["remove-class", "voc07-small", name, "-o", str(tmp_path / "new")])

    assert done.exit_code == code and f"the model has no class '{name}'" in done.output
    assert not (tmp_path / "new").exists()
