"""Tests of the package as a user imports it."""

import subprocess
import sys
from importlib.metadata import files
from pathlib import Path

import pytest

import sppnet

FACE = "from sppnet import SelectiveSearch, SPPNet, read_image; import sppnet.tools.cli, sppnet.data"


@pytest.fixture
def crowded(tmp_path: Path) -> Path:
    """Return a working folder in which a user has files named like our folders."""
    for name in ("data", "proposals"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('a file of the user')")
    for name in ("tools", "detector"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('a folder of the user')")
    return tmp_path


@pytest.mark.parametrize("arguments", [["-c", FACE], ["-m", "sppnet", "--help"], ["-m", "sppnet", "detect", "--help"]])
def test_files_of_the_user_are_left_alone(crowded: Path, arguments: list[str]) -> None:
    result = subprocess.run([sys.executable, *arguments], cwd=crowded, capture_output=True, text=True)

    assert (result.returncode, result.stderr) == (0, "")


def test_types_are_told_to_type_checkers() -> None:
    assert (Path(sppnet.__path__[0]) / "py.typed").is_file()


def test_nothing_is_installed_under_another_name() -> None:
    installed = {file.parts[0] for file in files("sppnet") or ()}

    assert {name for name in installed if not name.startswith(("sppnet", "_sppnet", ".."))} == set()
