"""The formats with one file for all images: hand-computed rows, and what reads them."""

import csv
import io
import json
from pathlib import Path

from sppnet.data import Results
from sppnet.data.writers import WRITERS
from tests.data.results.records import COW, DOG, record, written


def test_json_lines_hold_the_records_without_their_times(tmp_path: Path) -> None:
    lines = written("jsonl", tmp_path)["detections.jsonl"].splitlines()

    street = {"image": "photos/street.png", "width": 160, "height": 120, "detections": [DOG, COW]}
    assert [json.loads(line) for line in lines] == [street, {**street, "image": "sky.jpg", "detections": []}]


def test_csv_has_a_row_for_each_object_and_quotes_names(tmp_path: Path) -> None:
    text = written("csv", tmp_path, {"a": record('a, "b".png', DOG), "c": record("c.png")})["detections.csv"]

    head, row = csv.reader(io.StringIO(text))
    assert head == ["image", "width", "height", "label", "score", "margin", "x1", "y1", "x2", "y2"]
    assert row == ['a, "b".png', "160", "120", "dog", "0.75", "1.5", "10.0", "20.0", "60.5", "80.0"]


def test_the_devkit_s_files_count_pixels_from_1_and_there_is_one_for_each_class(tmp_path: Path) -> None:
    assert written("voc-results", tmp_path, {"000005": record("x/000005.jpg", DOG)}) == {
        "comp4_det_test_dog.txt": "000005 0.750000 11.000000 21.000000 60.500000 80.000000\n",
        "comp4_det_test_cow.txt": "",
    }


def test_a_class_with_a_slash_leads_into_no_folder(tmp_path: Path) -> None:
    with WRITERS["voc-results"](Results(tmp_path), ["cat/dog"]):
        pass

    assert [file.name for file in tmp_path.iterdir()] == ["comp4_det_test_cat_dog.txt"]
