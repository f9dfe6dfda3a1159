"""`sppnet data stats`: a table, JSON, a picture."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sppnet.tools.cli import cli
from tests.data.formats.drawn import picture, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a data set of two images and two objects."""
    for name in ("a", "b"):
        picture(tmp_path / "mine" / f"{name}.png")
    lines = "a.png,0,0,10,10,fox\na.png,0,0,5,20,wolf\nb.png,,,,,\n"
    write(tmp_path / "mine" / "annotations.csv", lines)
    return tmp_path / "mine"


def stats(root: Path, *options: str | Path) -> Result:
    return CliRunner().invoke(cli, ["data", "stats", *map(str, (root, *options))])


def test_a_table_shows_classes_and_what_comes_together(root: Path) -> None:
    result = stats(root)

    assert result.exit_code == 0
    assert "fox" in result.stdout and "wolf" in result.stdout
    assert "1.0 objects an image, at most 2; 1 images without objects" in result.stdout
    assert "together: fox and wolf in 1" in result.stdout


def test_json_has_all_figures(root: Path) -> None:
    found = json.loads(stats(root, "--json").stdout)

    assert (found["images"], found["classes"]["wolf"]["aspect"]) == (2, [0.25, 0.25, 0.25])


def test_a_picture_is_drawn_on_request(root: Path) -> None:
    assert stats(root, "-o", root.parent / "x" / "stats.png").exit_code == 0

    assert (root.parent / "x" / "stats.png").read_bytes().startswith(b"\x89PNG")
    assert stats(root, "-o", root / "stats.jpg").exit_code == 2
