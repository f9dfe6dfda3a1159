"""What was found in an image, in every format, without a path of the server."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from sppnet.data import WRITERS, read_detections
from sppnet.tools.serving.downloads import Download, written

FOUND = {"label": "dog", "score": 0.75, "margin": 1.5, "box": [10.0, 20.0, 60.0, 80.0]}
CLASSES = ("cat", "dog")


def record(name: str = "photo.jpg") -> dict[str, Any]:
    return {"image": name, "width": 100, "height": 90, "detections": [FOUND], "milliseconds": {"conv": 1.0}}


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("json", "photo.json"),
        ("jsonl", "detections.jsonl"),
        ("csv", "detections.csv"),
        ("coco", "detections.coco.json"),
        ("voc", "photo.xml"),
        ("labelme", "photo.json"),
        ("yolo", "photo-yolo.zip"),
        ("voc-results", "photo-voc-results.zip"),
    ],
)
def test_every_format_is_one_file(form: str, name: str) -> None:
    assert written(form, record(), CLASSES).name == name


def test_no_format_is_forgotten_here() -> None:
    assert len(WRITERS) == 8


@pytest.mark.parametrize("form", ["json", "jsonl", "coco"])
def test_what_can_be_scored_reads_back(form: str, tmp_path: Path) -> None:
    download = written(form, record(), CLASSES)
    (tmp_path / download.name).write_bytes(download.content)

    [found] = read_detections(tmp_path / download.name, ["photo"], CLASSES)

    assert (found["boxes"].tolist(), found["labels"].tolist(), found["scores"].tolist()) == (
        [FOUND["box"]],
        [1],
        [0.75],
    )


def test_yolo_comes_with_its_classes() -> None:
    with zipfile.ZipFile(io.BytesIO(written("yolo", record(), CLASSES).content)) as pack:
        assert pack.read("labels/photo.txt") == b"1 0.350000 0.555556 0.500000 0.666667\n"
        assert pack.read("labels/classes.txt") == b"cat\ndog\n"


def test_the_image_of_labelme_lies_beside_its_file() -> None:
    assert json.loads(written("labelme", record(), CLASSES).content)["imagePath"] == "./photo.jpg"


@pytest.mark.parametrize("form", WRITERS)
def test_strange_names_stay_in_the_folder(form: str) -> None:
    content = written(form, record("classes.jpg"), CLASSES).content + written(form, record("..a.jpg"), CLASSES).content

    assert b"/tmp" not in content and str(Path.cwd()).encode() not in content


def test_names_are_escaped_in_headers() -> None:
    assert Download('a"\r\nä.csv', b"").headers == {
        "Content-Disposition": "attachment; filename*=UTF-8''a%22%0D%0A%C3%A4.csv"
    }
