"""The formats of detections by name, and the one with a JSON file for each image."""

import contextlib
import json
from pathlib import Path

import pytest

from sppnet.data import WRITERS, Results
from tests.data.results.records import CLASSES, DOG, record, written


def test_json_is_a_file_for_each_image(tmp_path: Path) -> None:
    records = {"street": record("photos/street.png", DOG), "a/sky": record("photos/a/sky.png")}

    files = written("json", tmp_path / "out", records)

    assert {name: json.loads(text) for name, text in files.items()} == {
        "street.json": records["street"],
        "a/sky.json": records["a/sky"],
    }


@pytest.mark.parametrize("name", WRITERS)
def test_no_images_are_written_without_an_error(tmp_path: Path, name: str) -> None:
    with WRITERS[name](Results(tmp_path), CLASSES):
        pass


@pytest.mark.parametrize("name", WRITERS)
def test_a_run_that_is_gone_on_with_makes_the_same_files(tmp_path: Path, name: str) -> None:
    records = {"street": record("photos/street.png", DOG), "sky": record("sky.jpg"), "hill": record("hill.png", DOG)}
    (first, one), *rest = records.items()
    results = Results(tmp_path / "cut")
    with contextlib.suppress(KeyboardInterrupt), WRITERS[name](results, CLASSES) as write:
        write(first, one)
        sizes = dict(results.sizes)
        write("sky", one)
        raise KeyboardInterrupt

    resumed = Results(tmp_path / "cut", sizes)
    with WRITERS[name](resumed, CLASSES) as write:
        for image, again in rest:
            write(image, again)
    resumed.clean()

    files = {str(file.relative_to(tmp_path / "cut")): file for file in (tmp_path / "cut").rglob("*") if file.is_file()}
    assert {path: file.read_text() for path, file in files.items()} == written(name, tmp_path / "whole", records)
