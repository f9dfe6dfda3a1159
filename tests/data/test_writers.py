"""The formats of detections: what each writes for two images."""

import json
from pathlib import Path
from typing import Any

import pytest

from sppnet.data import WRITERS

CLASSES = ("dog", "cow")


@pytest.fixture
def records() -> dict[str, dict[str, Any]]:
    """The records of two images, one without objects."""
    dog = {"label": "dog", "score": 0.75, "margin": 1.5, "box": [10.0, 20.0, 60.5, 80.0]}
    rest = {"width": 160, "height": 120, "milliseconds": {"conv": 2.0}}
    return {
        "street": {"image": "photos/street.png", "detections": [dog], **rest},
        "sky": {"image": "photos/sky.png", "detections": [], **rest},
    }


def written(name: str, folder: Path, records: dict[str, dict[str, Any]]) -> dict[str, str]:
    with WRITERS[name](folder, CLASSES) as write:
        for image, record in records.items():
            write(image, record)
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_json_is_a_file_for_each_image(tmp_path: Path, records: dict[str, dict[str, Any]]) -> None:
    files = written("json", tmp_path / "out", records)

    assert {name: json.loads(text) for name, text in files.items()} == {
        "street.json": records["street"],
        "sky.json": records["sky"],
    }
