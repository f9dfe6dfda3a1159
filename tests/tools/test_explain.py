"""Tests of `sppnet explain`, on the photograph of the demonstration and the small model that comes along."""

import json
from pathlib import Path
from typing import Any

import click.testing
import pytest
from matplotlib.cbook import get_sample_data
from PIL import Image

from sppnet.tools.cli import cli

PHOTOGRAPH = Path(str(get_sample_data("grace_hopper.jpg", asfileobj=False)))


def run(*arguments: Any) -> click.testing.Result:
    return click.testing.CliRunner().invoke(
        cli, ["explain", str(PHOTOGRAPH), "-m", "voc07-small", *map(str, arguments)]
    )


def test_the_best_object_is_explained_and_drawn(tmp_path: Path) -> None:
    file = tmp_path / "why.png"

    done = run("-o", file)

    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("person 0.9")
    assert "window on bottleneck" in done.stdout and "the parts add up to the margin" in done.stdout
    assert f"the picture is in {file}" in done.stderr
    with Image.open(file) as picture:
        assert picture.format == "PNG"


def test_any_box_is_explained_as_json() -> None:
    done = run("--box", "100,50,400,500", "--json")

    found = json.loads(done.stdout)
    assert (found["image"], found["object"], found["window"]) == (str(PHOTOGRAPH), None, [100, 50, 400, 500])
    assert found["difference"] < 1e-4 and found["exact"]


def test_an_object_that_was_not_found_is_an_error() -> None:
    done = run("--object", 5000)

    assert done.exit_code == 3
    assert "error: " in done.stderr and "there is no object 5000: " in done.stderr


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["--box", "1,2,3"], "'1,2,3' is not x1,y1,x2,y2"),
        (["--box", "1,2,3,inf"], "inf is not a finite number"),
        (["--box", "1,2,3,x"], "'x' is not a valid float"),
        (["--object", "0"], "0 is not in the range"),
        (["--object", "1", "--box", "1,2,3,4"], "give either --object or --box"),
        (["-o", "why.jpg"], "does not end in .png"),
        (["-o", "nowhere/why.png"], "there is no folder nowhere"),
    ],
)
def test_a_wrong_use_is_named(arguments: list[str], fault: str) -> None:
    done = run(*arguments)

    assert done.exit_code == 2 and fault in done.output


def test_a_file_that_is_no_image_is_named(tmp_path: Path) -> None:
    (tmp_path / "no.jpg").write_bytes(b"no image")

    done = click.testing.CliRunner().invoke(cli, ["explain", str(tmp_path / "no.jpg")])

    assert done.exit_code == 3 and "no.jpg" in done.stderr


def test_the_picture_does_not_replace_the_image(tmp_path: Path) -> None:
    with Image.open(PHOTOGRAPH) as picture:
        picture.resize((64, 75)).save(tmp_path / "photo.png")
    before = (tmp_path / "photo.png").read_bytes()

    done = click.testing.CliRunner().invoke(
        cli, ["explain", str(tmp_path / "photo.png"), "-o", str(tmp_path / "photo.png")]
    )

    assert done.exit_code == 2 and "is the image itself" in done.output
    assert (tmp_path / "photo.png").read_bytes() == before
