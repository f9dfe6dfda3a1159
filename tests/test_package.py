"""Tests of the package as a user imports it."""

import importlib
import subprocess
import sys
from importlib.metadata import files
from pathlib import Path
from typing import assert_type

import numpy as np
import numpy.typing as npt
import pytest

import sppnet
from sppnet import SelectiveSearch, SPPNet, open_data, read_image
from sppnet.data import DataSet
from sppnet.detector import Detections
from sppnet.tools.command.shapes import write_shapes

PACKAGE = Path(sppnet.__path__[0])
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
    assert (PACKAGE / "py.typed").is_file()


def test_the_face_has_the_types_that_a_users_program_sees(tmp_path: Path) -> None:
    write_shapes(tmp_path, train=1, val=1)
    image = tmp_path / "JPEGImages" / "000001.jpg"
    model = SPPNet.load("voc07-small")
    found = model(image)

    # What these say a checker of types sees, too: `make types` fails where it sees something else.
    assert_type(model, SPPNet)
    assert_type(found, Detections)
    assert_type(model([image, image]), list[Detections])
    assert_type(model.predict([image]), list[Detections])
    assert_type([each.name for each in found], list[str])
    assert_type(found.boxes, npt.NDArray[np.float32])
    assert_type(found.names, list[str])
    assert_type(open_data(tmp_path, split="train"), DataSet)
    assert_type(read_image(image), npt.NDArray[np.uint8])
    assert_type(SelectiveSearch(limit=10)(read_image(image)), npt.NDArray[np.float32])


def test_every_name_of_a_stub_can_be_imported() -> None:
    rooms = [stub.parent.relative_to(PACKAGE) for part in PACKAGE.iterdir() for stub in part.rglob("__init__.pyi")]
    modules = [importlib.import_module(".".join(("sppnet", *room.parts))) for room in rooms]

    assert len(modules) > 1
    assert [(module, name) for module in modules for name in module.__all__ if not hasattr(module, name)] == []


def test_nothing_is_installed_under_another_name() -> None:
    installed = {file.parts[0] for file in files("sppnet") or ()}

    assert {name for name in installed if not name.startswith(("sppnet", "_sppnet", ".."))} == set()
