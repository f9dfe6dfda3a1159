"""Tests of the examples, and of what docs/python.md shows: they run, without network and in seconds."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from matplotlib.cbook import get_sample_data

from sppnet import SPPNet
from tests.test_readme import ROOT, blocks

EXAMPLES = ROOT / "docs" / "examples"


def test_the_script_trains_without_a_guard_and_finds_the_officer(tmp_path: Path) -> None:
    offline = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "TORCH_HOME": str(tmp_path)}

    done = subprocess.run(
        [sys.executable, EXAMPLES / "quickstart.py"],
        cwd=tmp_path,
        env=os.environ | offline,
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "person 0.9" in done.stdout.splitlines()[0] and "there are" in done.stdout
    assert SPPNet.load(tmp_path / "shapes-model").confidence == 0.3 and (tmp_path / "officer.jpg").is_file()


def test_the_cells_of_the_notebook_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    notebook = json.loads((EXAMPLES / "quickstart.ipynb").read_text())
    names: dict[str, Any] = {}

    *_, equal, last = [run("".join(cell["source"]), names) for cell in notebook["cells"] if cell["cell_type"] == "code"]

    assert equal is True and last == ("coin", "ring", "triangle")
    assert not any(cell.get("outputs") for cell in notebook["cells"])


def run(code: str, names: dict[str, Any]) -> Any:
    """Run a cell, and return the value of its last line, as a notebook shows it."""
    *lines, last = code.splitlines()
    exec("\n".join(lines), names)
    try:
        return eval(last, names)
    except SyntaxError:
        exec(last, names)
        return None


def test_the_python_of_the_documentation_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(str(get_sample_data("grace_hopper.jpg", asfileobj=False)), "photo.jpg")
    names: dict[str, Any] = {}

    detection = (ROOT / "docs" / "python.md").read_text().partition("## Further classes")[0]  # the notebook has those
    exec("".join(blocks(detection, "python")).replace('"voc07"', '"voc07-small"'), names)

    assert repr(names["found"]).startswith("<1 object in photo.jpg: person 0.")
    assert (tmp_path / "drawn.jpg").is_file() and names["results"][0]["category_id"] == 15
    assert len(names["everything"]) > 1 and len(names["sure"]) == 1
