"""Tests of `sppnet detect`: which images, what is written, what is skipped."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from sppnet.detector import Inference
from sppnet.tools.cli import cli
from sppnet.tools.detect import find_images, output_names
from tests.stand_in import BOX, StandIn, stand_in_combination


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
    path.parent.mkdir(exist_ok=True)
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


def test_the_annotated_image_differs_from_the_source_near_the_box(street: Path, tmp_path: Path) -> None:
    detect(tmp_path, street)

    drawn = np.asarray(Image.open(tmp_path / "out" / "street.jpg")).astype(int)
    assert np.abs(drawn[75, 10] - 90).max() > 30
    assert np.abs(drawn[110, 150] - 90).max() < 10


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


def test_folders_and_patterns_give_each_image_once_by_name(tmp_path: Path) -> None:
    first, second = picture(tmp_path / "a" / "1.JPG"), picture(tmp_path / "a" / "2.webp")
    (tmp_path / "a" / "notes.txt").touch()

    assert find_images([str(tmp_path / "a"), str(tmp_path / "**" / "*.JPG"), str(first)]) == [first, second]


def test_equal_stems_get_different_names(tmp_path: Path) -> None:
    sources = [Path("a/x.jpg"), Path("b/X.png"), Path("x-2.jpg"), Path("b/y.jpg")]

    assert output_names(sources, tmp_path) == ["x", "X-2", "x-2-2", "y"]


def test_images_in_the_output_folder_are_not_overwritten(street: Path) -> None:
    before = street.read_bytes()
    twin = picture(street.with_suffix(".jpg"))

    names = output_names([street, twin], street.parent)
    CliRunner().invoke(cli, ["detect", str(twin), "-m", str(street.parent), "-o", str(street.parent)])

    assert names == ["street-detections", "street-detections-2"]
    assert street.read_bytes() == before
    assert sorted(file.name for file in street.parent.iterdir()) == [
        "street-detections.jpg",
        "street.jpg",
        "street.png",
    ]
