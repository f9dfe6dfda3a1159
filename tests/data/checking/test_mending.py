"""What `sppnet data check --fix` has mended can be learned from: both commands as a person types them.

A data set of every format is tried; with SPPNET_ALL_MENDED=1 in the environment, every broken one that there is.
"""

import json
import os
from pathlib import Path
from shutil import copytree

import pytest
from click.testing import CliRunner, Result

from sppnet.tools.cli import cli

from .cases import CASES
from .drawn import write_all

FEW = (
    "voc: outside",
    "voc-xml: turned by hand",
    "coco: half a file",
    "yolo: an empty split",
    "labelme: resized",
    "csv: misspelt",
)
SMALL = ("--weights", "random", "--scales", "40", "--max-windows", "50", "--workers", "0", "--engine", "torch")


def sppnet(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, list(map(str, arguments)))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound")
    write_all(folder)
    return folder


@pytest.mark.parametrize("name", CASES if os.environ.get("SPPNET_ALL_MENDED") else FEW)
def test_a_mended_data_set_is_learned(
    name: str, sound: Path, tmp_path: Path, pooled_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sppnet.tools.train.slowness", lambda: 1.0)
    case, data, new, model = CASES[name], tmp_path / "data", tmp_path / "new", tmp_path / "model"
    copytree(sound / case.format, data)
    case.broken(data)
    rename = [f"--rename={old}={right}" for old, right in (case.rename or {}).items()]

    mended = sppnet("data", "check", data, "--no-proposals", "--fix", new, *rename)
    trained = sppnet("train", "--data", new, "-o", model, "--backbone", pooled_name, *SMALL, "--json")

    assert mended.exit_code in (0, 5), mended.stderr
    assert trained.exit_code == 0, trained.stderr
    assert sum(json.loads(trained.stdout)["metrics"]["objects"].values()) > 0
