"""Tests of `sppnet detect`: which images, what is written, what is skipped."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from sppnet.detector import Inference
from sppnet.tools.cli import cli
from tests.stand_in import BOX, StandIn, stand_in_combination

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sppnet.detector.SPPNet", StandIn)
    monkeypatch.setattr("sppnet.detector.load_detector", StandIn.load)


@pytest.fixture
def combined(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """For every combination that is made, the number of its models and how they are merged."""
    return stand_in_combination(monkeypatch)


@pytest.fixture
def street(tmp_path: Path) -> Path:
    return picture(tmp_path / "photos" / "street.png")


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((120, 160, 3), 90, np.uint8)).save(path)
    return path


def detect(folder: Path, *arguments: str | Path) -> Result:
    """Run the command with results in `folder`, which serves as the model too."""
    return CliRunner().invoke(cli, ["detect", *map(str, arguments), "-m", str(folder), "-o", str(folder / "out")])


def test_the_bundled_model_detects_where_none_is_named(
    street: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(folder: Path, device: str, engine: str) -> StandIn:
        assert folder.is_absolute() and folder.name == "voc07"
        return StandIn(["disc"])

    monkeypatch.setattr(StandIn, "load", load)

    assert CliRunner().invoke(cli, ["detect", str(street), "-o", str(tmp_path / "out")]).exit_code == 0


def test_a_missing_model_exits_with_4(street: Path) -> None:
    assert CliRunner().invoke(cli, ["detect", str(street), "-m", "nowhere"]).exit_code == 4


def test_objects_and_times_are_printed(street: Path, tmp_path: Path) -> None:
    result = detect(tmp_path, street)

    head, line = result.stdout.splitlines()
    assert head.startswith(f"[1/1] {street} 160x120: 1 objects, ms: read ")
    assert ", proposals 1, conv 2, wall " in head
    assert line.split() == ["disc", "0.75", "10.0", "20.0", "60.0", "80.0"]


def test_the_json_file_holds_the_record(street: Path, tmp_path: Path) -> None:
    detect(tmp_path, street, "--format", "json", "--no-images")

    [file] = (tmp_path / "out").iterdir()
    record = json.loads(file.read_text())
    assert (file.name, record["width"], record["height"]) == ("street.json", 160, 120)
    assert record["detections"] == [{"label": "disc", "score": 0.75, "margin": 1.5, "box": list(BOX)}]
    assert record["milliseconds"].keys() == {"read", "proposals", "conv", "wall"}


def test_detections_below_the_confidence_are_left_out(street: Path, tmp_path: Path) -> None:
    assert "0 objects" in detect(tmp_path, street, "--conf", "0.8").stdout


def test_images_are_looked_at_as_the_options_say(street: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Inference] = []
    predict = StandIn.predict

    def note(self: StandIn, images: list[Any], *, inference: Inference, **options: Any) -> list[dict[str, Any]]:
        asked.append(inference)
        return predict(self, images, **options)

    monkeypatch.setattr(StandIn, "predict", note)

    detect(tmp_path, street, "--soft")

    assert asked == [Inference(soft=True)]


def test_json_prints_one_object_and_nothing_else(street: Path, tmp_path: Path) -> None:
    printed = json.loads(detect(tmp_path, street, tmp_path / "none.jpg", "--json").stdout)

    assert [record["image"] for record in printed["images"]] == [str(street)]
    assert printed["skipped"][0]["image"] == str(tmp_path / "none.jpg")
    assert "no such file" in printed["skipped"][0]["reason"]


@pytest.mark.parametrize("workers", ["0", "3"])
def test_images_are_reported_in_order_however_many_are_worked_on_at_once(tmp_path: Path, workers: str) -> None:
    names = [f"{number}.png" for number in range(5)]
    images = [picture(tmp_path / "photos" / name) for name in names]

    result = detect(tmp_path, *images, "--workers", workers, "--json")

    assert [Path(record["image"]).name for record in json.loads(result.stdout)["images"]] == names
    assert "5 images, " in result.stderr


def test_several_models_detect_together(street: Path, tmp_path: Path, combined: list[tuple[int, str]]) -> None:
    result = detect(tmp_path, street, "-m", tmp_path / "photos", "--merge", "mean")

    assert result.exit_code == 0
    assert combined == [(2, "mean")]


def test_a_missing_model_among_several_exits_with_4(street: Path, tmp_path: Path) -> None:
    assert detect(tmp_path, street, "-m", "nowhere").exit_code == 4


def test_an_unreadable_image_is_skipped_with_one_line_and_exit_code_5(street: Path, tmp_path: Path) -> None:
    (street.parent / "text.jpg").write_text("no image")

    result = detect(tmp_path, street.parent)

    assert result.exit_code == 5
    assert result.stderr.count("skipped: ") == result.stderr.count("text.jpg") == 1
    assert (tmp_path / "out" / "street.jpg").exists()


def test_only_unreadable_images_exit_with_3(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()

    assert detect(tmp_path, tmp_path / "empty.png").exit_code == 3


def test_an_empty_folder_exits_with_3(tmp_path: Path) -> None:
    result = detect(tmp_path, tmp_path)

    assert (result.exit_code, result.stderr) == (3, f"error: no images in {tmp_path}\n")


def test_several_formats_may_be_named_at_once(street: Path, tmp_path: Path) -> None:
    result = detect(tmp_path, street, "--format", "csv,voc", "--format", "jsonl", "--format", "csv", "--no-images")

    assert result.exit_code == 0
    assert files(tmp_path / "out") == {"detections.csv", "detections.jsonl", "Annotations/street.xml"}


def test_an_unknown_format_is_a_wrong_use_that_names_those_there_are(street: Path, tmp_path: Path) -> None:
    result = detect(tmp_path, street, "--format", "csv,pascal")

    assert result.exit_code == 2
    assert "'pascal' is not one of json, jsonl, csv" in result.stderr


@pytest.mark.parametrize(
    ("options", "objects"),
    [
        (["--classes", "ring"], 0),
        (["--classes", "ring, disc"], 1),
        (["--conf", "disc=.8,.1"], 0),
        (["--conf", "0,ring=1"], 1),
    ],
)
def test_objects_are_those_wanted(street: Path, tmp_path: Path, options: list[str], objects: int) -> None:
    assert f"{objects} objects" in detect(tmp_path, street, *options).stdout


@pytest.mark.parametrize("options", [["--classes", "cow"], ["--conf", "cow=.3"], ["--conf", "high"]])
def test_an_unknown_class_or_no_score_is_a_wrong_use(street: Path, tmp_path: Path, options: list[str]) -> None:
    assert detect(tmp_path, street, *options).exit_code == 2


def test_no_more_objects_than_wanted_are_kept(street: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    predict = StandIn.predict

    def twice(self: StandIn, images: list[Any], **options: Any) -> list[dict[str, Any]]:
        [found] = predict(self, images, **options)
        return [{name: v if name == "milliseconds" else np.concatenate([v, v]) for name, v in found.items()}]

    monkeypatch.setattr(StandIn, "predict", twice)

    assert "2 objects" in detect(tmp_path, street).stdout
    assert "1 objects" in detect(tmp_path, street, "--max-detections", "1").stdout


def test_objects_are_cut_out(street: Path, tmp_path: Path) -> None:
    detect(tmp_path, street, "--save-crops", "--no-images")

    with Image.open(tmp_path / "out" / "crops" / "disc" / "street-1.jpg") as picture:
        assert picture.size == (50, 60)


def test_a_mosaic_shows_the_images_of_a_run(street: Path, tmp_path: Path) -> None:
    result = detect(tmp_path, street, street, "--no-images", "--mosaic", tmp_path / "all.jpg")

    assert (result.exit_code, files(tmp_path / "out")) == (0, set())
    assert f"{tmp_path / 'all.jpg'} shows 1 pictures\n" in result.stderr
    with Image.open(tmp_path / "all.jpg") as picture:
        assert picture.size == (328, 248)


@pytest.mark.parametrize("file", ["all.png", "photos/street.jpg"])
def test_a_mosaic_is_a_jpeg_file_that_is_nobody_elses(street: Path, tmp_path: Path, file: str) -> None:
    picture(street.with_suffix(".jpg"))

    assert detect(tmp_path, street, "--mosaic", tmp_path / file).exit_code == 2


def test_a_large_picture_is_seen_in_tiles(street: Path, tmp_path: Path) -> None:
    # Tiles of 100 begin at 0 and 60, and at 0 and 20; the stand-in finds its box in the whole picture and in each.
    boxes = [line.split()[2:] for line in detect(tmp_path, street, "--tile", "100").stdout.splitlines()[1:]]

    assert boxes == [["10.0", "20.0", "60.0", "80.0"], ["70.0", "20.0", "120.0", "80.0"]]


def test_what_lies_beside_images_is_passed_over_aloud(street: Path, tmp_path: Path) -> None:
    (street.parent / "._street.png").write_bytes(b"from macOS")

    result = detect(tmp_path, street.parent)

    assert result.exit_code == 0
    assert f"{street.parent}: passed over 1 hidden file\n" in result.stderr


def test_a_second_run_over_its_own_results_finds_the_same_images(street: Path) -> None:
    picture(street.parent / "day" / "street.png")
    call = [
        "detect",
        str(street.parent),
        "-m",
        str(street.parent),
        "--recursive",
        "--save-crops",
        "-o",
        str(street.parent),
    ]
    first = CliRunner().invoke(cli, call)

    second = CliRunner().invoke(cli, call)

    assert first.stdout.count(" objects") == second.stdout.count(" objects") == 2
    assert "passed over 4 pictures of ours" in second.stderr
    assert files(street.parent) == {
        *("street.png", "street-detections.jpg", "crops/disc/street-detections-1.jpg"),
        *("day/street.png", "day/street-detections.jpg", "crops/disc/day/street-detections-1.jpg"),
    }


def test_images_come_from_lists_and_standard_input(street: Path, tmp_path: Path) -> None:
    call = ["detect", "-", "-m", str(tmp_path), "-o", str(tmp_path / "out"), "--json"]

    result = CliRunner().invoke(cli, call, input=f"{street}\n{tmp_path / 'none.png'}\n")

    printed = json.loads(result.stdout)
    assert (len(printed["images"]), len(printed["skipped"]), result.exit_code) == (1, 1, 5)
    assert f"[1] {street} " in result.stderr


def test_no_image_on_standard_input_exits_with_3(tmp_path: Path) -> None:
    assert CliRunner().invoke(cli, ["detect", "-", "-m", str(tmp_path)], input="").exit_code == 3


def test_a_finished_run_is_not_done_again_but_tells_what_it_left_out(street: Path, tmp_path: Path) -> None:
    (street.parent / "text.jpg").write_text("no image")
    detect(tmp_path, street.parent, "--resume")

    again = detect(tmp_path, street.parent, "--resume", "--json")

    assert (again.exit_code, json.loads(again.stdout)) == (5, {"images": [], "skipped": []})
    assert "0 images; 2 were done before" in again.stderr


def test_there_is_nothing_to_resume_where_nothing_is_written(street: Path, tmp_path: Path) -> None:
    assert detect(tmp_path, street, "--resume", "--no-images").exit_code == 2


# Runs the command again and again, each time in a process that kills itself: in the middle of a line, before the note
# that an image is done, and while the last file is joined. Only the last process is let live.
KILLED = """
import os, signal, sys
import cv2, numba, sppnet.detector.threads, sppnet.tools.detect  # once, for all processes
from unittest.mock import patch
from sppnet.data import Results
from sppnet.tools.cli import cli
from sppnet.tools.command.detecting.journal import Journal
from tests.stand_in import StandIn

def killed(function, calls, first=lambda *arguments: None):
    def call(*arguments, **options):
        nonlocal calls
        calls -= 1
        if calls == 0:
            first(*arguments)
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)
    return call

def half(results, file, text):
    append(results, file, text[: len(text) // 2])

append = Results.append
crashes = [
    (Results, "append", killed(append, 5, half)),
    (Journal, "note", killed(Journal.note, 2)),
    (Results, "write", killed(Results.write, 14)),
    (Results, "append", killed(append, 6, half)),
    (Journal, "finish", killed(Journal.finish, 1)),
]
for target, name, crash in [*crashes, (Results, "folder", None)]:
    if (process := os.fork()) == 0:
        patch("sppnet.detector.load_detector", StandIn.load).start()
        patch("sppnet.tools.detect.warm_up").start()
        patch.object(target, name, crash, create=True).start()
        cli([*sys.argv[1:], "--resume"])
    print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
"""


def test_killed_runs_that_are_gone_on_with_write_what_one_run_writes(tmp_path: Path) -> None:
    for number in range(8):
        picture(tmp_path / "photos" / f"{number}.png")
    (tmp_path / "photos" / "4.png").write_text("no image")
    formats = ["--format", "jsonl,csv,coco,yolo,voc,voc-results", "--save-crops"]
    call = ["detect", str(tmp_path / "photos"), "-m", str(tmp_path), *formats]

    done = subprocess.run(
        [sys.executable, "-c", KILLED, *call, "-o", str(tmp_path / "killed")], cwd=ROOT, capture_output=True, text=True
    )
    CliRunner().invoke(cli, [*call, "-o", str(tmp_path / "whole")])

    codes = [line for line in done.stdout.splitlines() if line.lstrip("-").isdecimal()]
    assert codes == ["-9"] * 5 + ["5"], done.stderr
    killed, whole = (contents(tmp_path / name) for name in ("killed", "whole"))
    assert killed.keys() - whole.keys() == {".sppnet-detect.json"}
    assert {name: killed[name] for name in whole} == whole
    assert len(whole["detections.jsonl"].splitlines()) == 7


def files(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


def contents(folder: Path) -> dict[str, bytes]:
    return {file: (folder / file).read_bytes() for file in files(folder)}
