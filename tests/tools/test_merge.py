"""Tests of `sppnet merge`: shards of every verb give the bytes of one run, and what is no run is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from sppnet.tools.cli import cli
from sppnet.tools.command.shapes import write_shapes
from tests.stand_in import StandIn

FORMATS = "jsonl,csv,coco,yolo,voc,labelme,voc-results"


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sppnet.detector.SPPNet", StandIn)
    monkeypatch.setattr("sppnet.detector.load_detector", StandIn.load)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Five images, two of one name, and a broken one."""
    for name in ("a.png", "a.jpg", "b.png", "d.png", "inner/a.png"):
        file = tmp_path / "photos" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((120, 160, 3), 90, np.uint8)).save(file)
    (tmp_path / "photos" / "c.png").write_bytes(b"no image")
    return tmp_path / "photos"


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    write_shapes(tmp_path / "shapes", train=2, val=5, seed=2)
    return tmp_path / "shapes"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, list(map(str, arguments)))


def detect(photos: Path, output: Path, *options: str) -> Result:
    return run("detect", photos, "--recursive", "-m", photos, "-o", output, "--save-crops", *options)


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder but for shards."""
    files = (file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("shard-"))
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


@pytest.mark.parametrize("count", [1, 2, 4])
def test_the_shards_of_detect_give_the_files_of_one_run(photos: Path, tmp_path: Path, count: int) -> None:
    detect(photos, tmp_path / "found", "--format", FORMATS)
    one_run = contents((tmp_path / "found").rename(tmp_path / "one"))
    for number in range(count, 0, -1):
        detect(photos, tmp_path / "found", "--format", FORMATS, "--shard", f"{number}/{count}")

    result = run("merge", tmp_path / "found")

    assert (result.exit_code, result.stdout) == (5, f"6 images of {count} shards, 1 left out: {tmp_path / 'found'}\n")
    assert contents(tmp_path / "found") == one_run


def test_the_json_file_of_an_image_keeps_the_time_that_it_took(photos: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        detect(photos, tmp_path / "found", "--format", "json", "--no-images", "--shard", f"{number}/2")
    run("merge", tmp_path / "found")

    record = json.loads((tmp_path / "found" / "b.json").read_bytes())
    assert record["milliseconds"].keys() == {"read", "proposals", "conv", "wall"}


def test_a_shard_goes_on_where_it_was(photos: Path, tmp_path: Path) -> None:
    detect(photos, tmp_path / "found", "--format", "csv", "--shard", "1/1")
    file = tmp_path / "found" / "shard-1-of-1.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])

    result = detect(photos, tmp_path / "found", "--format", "csv", "--shard", "1/1", "--resume")

    assert "were done before" in result.stderr
    assert len(file.read_bytes().splitlines()) == len(whole.splitlines())
    assert run("merge", tmp_path / "found").exit_code == 5


@pytest.mark.parametrize("output", ["found.npz", "found.json"])
def test_the_shards_of_proposals_give_the_file_of_one_run(shapes: Path, tmp_path: Path, output: str) -> None:
    call = ("proposals", shapes, "-o", tmp_path / output, "--number", "50", "--workers", "0")
    run(*call)
    one_run = (tmp_path / output).read_bytes()
    (tmp_path / output).unlink()
    for number in (1, 2, 3):
        run(*call, "--shard", f"{number}/3")

    assert run("merge", tmp_path / output).exit_code == 0
    assert (tmp_path / output).read_bytes() == one_run


def test_the_shards_of_eval_give_the_detections_of_one_run(shapes: Path, tmp_path: Path) -> None:
    call = ("eval", "-m", tmp_path, "--data", shapes, "--save-detections", tmp_path / "found.json")
    whole = run(*call, "--json")
    one_run = (tmp_path / "found.json").read_bytes()
    (tmp_path / "found.json").unlink()
    for number in (1, 2):
        run(*call, "--shard", f"{number}/2")

    assert run("merge", tmp_path / "found.json").exit_code == 0
    assert (tmp_path / "found.json").read_bytes() == one_run
    classes = ("--classes", "disc,ring,square,triangle")
    again = run("eval", "--from", tmp_path / "found.json", "--data", shapes, *classes, "--json")
    assert json.loads(again.stdout)["metrics"] == json.loads(whole.stdout)["metrics"]


def test_a_broken_image_is_left_out_of_a_lenient_shard(shapes: Path, tmp_path: Path) -> None:
    (shapes / "JPEGImages" / "000004.jpg").write_bytes(b"no image")
    call = ("proposals", shapes, "-o", tmp_path / "found.json", "--number", "5", "--workers", "0", "--lenient")
    run(*call)
    one_run = (tmp_path / "found.json").read_bytes()
    for number in (1, 2):
        assert run(*call, "--shard", f"{number}/2").exit_code in (0, 5)

    result = run("merge", tmp_path / "found.json", "--json")

    assert (result.exit_code, json.loads(result.stdout)["skipped"]) == (5, 1)
    assert (tmp_path / "found.json").read_bytes() == one_run


def test_shards_that_are_not_all_there_are_refused(photos: Path, tmp_path: Path) -> None:
    detect(photos, tmp_path / "found", "--shard", "2/3")

    result = run("merge", tmp_path / "found")

    assert (result.exit_code, result.stderr) == (
        3,
        f"error: {tmp_path / 'found'}: 2 of 3 shards are missing: 1/3, 3/3\n",
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("detect", "film.mp4", "--shard", "1/2"),
        ("detect", "film.mp4", "--ray", "auto"),
        ("detect", "photo.jpg", "--shard", "1/2", "--mosaic", "all.jpg"),
        ("detect", "photo.jpg", "--shared"),
        ("eval", "--data", "shapes", "--from", "found.json", "--shard", "1/2"),
        ("eval", "--data", "shapes", "--shard", "1/2"),
        ("eval", "--data", "shapes", "--shard", "1/2", "--save-detections", "found.json", "--report", "report.md"),
    ],
)
def test_what_is_no_work_for_a_shard_or_a_cluster_is_refused(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)

    assert result.exit_code == 2
    assert "--shar" in result.stderr
