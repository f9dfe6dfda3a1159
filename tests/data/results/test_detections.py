"""Detections as JSON: three forms in, one out, and a named rule for everything else."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sppnet.data import DataError, detections_json, image_record, read_detections
from sppnet.data.results.detections import Detections

IDS = ["000012", "000005", "000007"]
CLASSES = ("chair", "dog")
OURS = {"image": "000005", "label": "dog", "box": [1, 2, 30.5, 40], "score": 0.9}
COCO = {"image_id": 5, "category_id": 2, "bbox": [1, 2, 29.5, 38], "score": 0.9}


def read(folder: Path, content: Any) -> list[Detections]:
    file = folder / "found.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return read_detections(file, IDS, CLASSES)


@pytest.mark.parametrize(
    "entry",
    [
        OURS,
        OURS | {"image": "photos/000005.jpg"},
        OURS | {"image": "photos/000005.TIFF"},
        COCO,
        COCO | {"image_id": "000005", "category_id": "dog"},
        {"image": "000005", "width": 50, "height": 60, "detections": [OURS | {"margin": 2.5}], "milliseconds": {}},
    ],
)
def test_every_form_is_read(tmp_path: Path, entry: dict[str, Any]) -> None:
    detections = read(tmp_path, [entry])

    assert [len(d["labels"]) for d in detections] == [0, 1, 0]
    np.testing.assert_array_equal(detections[1]["boxes"], [[1, 2, 30.5, 40]])
    assert detections[1]["labels"].tolist() == [1]
    assert detections[1]["scores"].tolist() == [0.9]


def test_the_result_is_in_order_of_the_ids_then_of_the_file(tmp_path: Path) -> None:
    entries = [OURS | {"image": id_, "score": score} for id_, score in [("000007", 1), ("000012", 2), ("000007", 3)]]

    assert [d["scores"].tolist() for d in read(tmp_path, entries)] == [[2], [], [1, 3]]


def test_no_detections_are_empty_arrays_for_every_image(tmp_path: Path) -> None:
    detections = read(tmp_path, [])

    assert [d["boxes"].shape for d in detections] == [(0, 4)] * 3
    assert [detections[0][key].dtype for key in ("boxes", "labels", "scores")] == [np.float32, np.int64, np.float64]


def test_scores_that_differ_little_stay_different(tmp_path: Path) -> None:
    scores = read(tmp_path, [OURS | {"score": 0.90000001}, OURS | {"score": 0.90000002}])[1]["scores"]

    assert scores[0] < scores[1]


def test_a_number_that_two_ids_share_names_neither(tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    file.write_text(json.dumps([COCO]))

    with pytest.raises(DataError, match="unknown image_id, got 5"):
        read_detections(file, ["5", "05"], CLASSES)


def test_only_the_suffix_of_an_image_is_taken_off_its_name(tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    file.write_text(json.dumps([OURS | {"image": name} for name in ("a/clip.0002", "a/clip.0002.jpg", "clip.png")]))

    clip, second = read_detections(file, ["clip", "clip.0002"], CLASSES)

    assert (len(clip["labels"]), len(second["labels"])) == (1, 2)


def test_an_id_with_folders_is_named_by_more_of_the_path(tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    images = ["cam1/b", "data/JPEGImages/cam1/b.jpg", "photos/b.jpg"]
    file.write_text(json.dumps([{"image": image, "label": "dog", "box": [0, 0, 1, 1], "score": 1} for image in images]))

    found = read_detections(file, ["b", "cam1/b"], CLASSES)

    assert [len(detections["scores"]) for detections in found] == [1, 2]


def test_an_accent_in_an_id_is_one_however_it_is_written(tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    names = ["cafe\u0301", "x/caf\u00e9.jpg"]
    file.write_text(json.dumps([{"image": name, "label": "dog", "box": [0, 0, 1, 1], "score": 1} for name in names]))

    [found] = read_detections(file, ["cafe\u0301"], CLASSES)

    assert len(found["scores"]) == 2


def test_entries_of_ignored_images_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    file.write_text(json.dumps([OURS | {"label": "wolf"}, COCO, OURS | {"image": "000007"}]))

    [found] = read_detections(file, ["000007"], CLASSES, ignored=["000005"])

    assert found["labels"].tolist() == [1]


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        (OURS | {"image": "000006"}, "unknown image, got '000006'"),
        (OURS | {"image": 5.5}, "unknown image, got 5.5"),
        (OURS | {"label": "wolf"}, "unknown label, got 'wolf'"),
        (OURS | {"label": ["dog"]}, "unknown label"),
        ({"box": [1, 2, 3, 4]}, "unknown image, got None"),
        (COCO | {"image_id": True}, "unknown image_id, got True"),
        (COCO | {"category_id": 0}, "unknown category_id, got 0"),
        (COCO | {"category_id": 3}, "unknown category_id, got 3"),
        (COCO | {"bbox": [1, 2, -3, 4]}, "bbox must not have a negative width or height"),
        (OURS | {"box": [30, 2, 1, 4]}, "box must not have a negative width or height"),
        (OURS | {"box": [1, 2, 3]}, r"box must be 4 finite numbers, got \[1, 2, 3\]"),
        (OURS | {"box": [1, 2, 3, "4"]}, "box must be 4 finite numbers"),
        (OURS | {"box": [1, 2, 3, float("nan")]}, "box must be 4 finite numbers"),
        (OURS | {"box": [1, 2, 3, 10**400]}, "box must be 4 finite numbers"),
        (OURS | {"box": {}}, "box must be 4 finite numbers"),
        (OURS | {"score": float("nan")}, "score must be a finite number, got nan"),
        (OURS | {"score": float("inf")}, "score must be a finite number, got inf"),
        (OURS | {"score": "0.9"}, "score must be a finite number, got '0.9'"),
        (OURS | {"score": True}, "score must be a finite number, got True"),
        ({"image": "000005", "detections": {}}, "detections: must be a list"),
        ({"image": "000005", "detections": [7]}, "detection 1: must be an object, got 7"),
        ({"image": "nowhere", "detections": [OURS]}, "detection 1: unknown image, got 'nowhere'"),
        ([OURS], "must be an object"),
    ],
)
def test_a_broken_entry_is_named_with_the_rule_and_the_value(tmp_path: Path, entry: Any, rule: str) -> None:
    with pytest.raises(DataError, match=rf"found\.json: entry 2[:,] ?.*{rule}"):
        read(tmp_path, [OURS, entry])


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("", "no readable JSON"),
        ("[{]", "no readable JSON"),
        ("[" * 100_000, "no readable JSON"),
        ("{}", "a list"),
        ('{"images": 3}', "a list"),
    ],
)
def test_a_file_that_is_no_list_is_refused(tmp_path: Path, content: str, rule: str) -> None:
    with pytest.raises(DataError, match=rf"found\.json: .*{rule}"):
        read(tmp_path, content)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.json: cannot be read: No such file"):
        read_detections(tmp_path / "gone.json", IDS, CLASSES)


def test_what_is_written_for_an_image_reads_back(tmp_path: Path) -> None:
    found = {
        "boxes": np.array([[1, 2, 30.5, 40], [0, 0, 5, 5]], np.float32),
        "labels": np.array([1, 0]),
        "scores": np.array([0.9, 0.1], np.float32),
        "margins": np.array([2.5, -1], np.float32),
        "milliseconds": {"proposals": 20.0},
    }

    record = image_record("000007", (60, 50), found, CLASSES)
    detections = read(tmp_path, [record])[2]

    assert (record["width"], record["height"], record["milliseconds"]) == (50, 60, {"proposals": 20.0})
    assert record["detections"][1] == {"label": "chair", "score": pytest.approx(0.1), "margin": -1, "box": [0, 0, 5, 5]}
    np.testing.assert_array_equal(detections["boxes"], found["boxes"])
    np.testing.assert_array_equal(detections["scores"], found["scores"])


def test_the_detections_of_many_images_are_a_list_with_a_line_for_each_that_has_some(tmp_path: Path) -> None:
    one = {"boxes": np.array([[1, 2, 30.5, 40]], np.float32), "labels": np.array([1]), "scores": np.array([0.5])}
    none = {"boxes": np.zeros((0, 4), np.float32), "labels": np.zeros(0, np.int64), "scores": np.zeros(0)}

    written = detections_json([("000007", one), ("000012", none), ("000005", one)], CLASSES)

    assert written == (
        '[{"image": "000007", "label": "dog", "box": [1.0, 2.0, 30.5, 40.0], "score": 0.5},\n'
        '{"image": "000005", "label": "dog", "box": [1.0, 2.0, 30.5, 40.0], "score": 0.5}]\n'
    )
    assert [len(found["labels"]) for found in read(tmp_path, written)] == [0, 1, 1]


def test_an_image_without_detections_has_an_empty_record() -> None:
    none = np.zeros(0)
    found = {"boxes": np.zeros((0, 4)), "labels": none, "scores": none, "margins": none, "milliseconds": {}}

    assert image_record("a", (1, 2), found, CLASSES)["detections"] == []


def test_numbers_of_the_data_set_count_in_coco_results(tmp_path: Path) -> None:
    results = [{"image_id": 77, "category_id": 90, "bbox": [1, 2, 3, 4], "score": 0.5}]
    (tmp_path / "found.json").write_text(json.dumps(results))

    images, categories = {"a": 77}, {"ant": 1, "bee": 90}
    [nothing, found] = read_detections(
        tmp_path / "found.json", ["000077", "a"], ["ant", "bee"], image_ids=images, category_ids=categories
    )

    assert len(nothing["labels"]) == 0
    assert found["labels"].tolist() == [1]
    with pytest.raises(DataError, match="unknown category_id, got 90"):
        read_detections(tmp_path / "found.json", ["000077", "a"], ["ant", "bee"])


def test_json_lines_are_read_a_record_a_line(tmp_path: Path) -> None:
    file = tmp_path / "found.jsonl"
    records = [{"image": f"photos/{id_}.jpg", "detections": [OURS]} for id_ in ("000007", "000005")]
    file.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records) + "\n")

    assert [len(found["labels"]) for found in read_detections(file, IDS, CLASSES)] == [0, 1, 1]


def test_a_broken_line_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "found.jsonl").write_text('[]\n{"image": "0000')

    with pytest.raises(DataError, match="no readable JSON"):
        read_detections(tmp_path / "found.jsonl", IDS, CLASSES)


def test_a_coco_data_set_names_images_and_classes_by_its_own_numbers(tmp_path: Path) -> None:
    annotations = [{"image_id": 3, "category_id": 7, "bbox": [1, 2, 29.5, 38], "score": 0.9}]
    tables = {"images": [{"id": 3, "file_name": "x/000005.jpg"}], "categories": [{"id": 7, "name": "dog"}]}

    found = read(tmp_path, {**tables, "annotations": annotations})

    np.testing.assert_array_equal(found[1]["boxes"], [[1, 2, 30.5, 40]])
    assert found[1]["labels"].tolist() == [1]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"images": None}, "images: must be a list"),
        ({"categories": [3]}, "categories: must be an object"),
        ({"categories": []}, "entry 1: unknown category_id, got None"),
        ({"images": [{"id": [3]}]}, "entry 1: unknown image_id, got None"),
        ({"annotations": [3]}, "annotation 1: must be an object"),
    ],
)
def test_a_broken_coco_data_set_is_an_error(tmp_path: Path, change: dict[str, Any], rule: str) -> None:
    tables = {"images": [{"id": 3, "file_name": "000005.jpg"}], "categories": [{"id": 7, "name": "dog"}]}
    annotations = [{"image_id": 3, "category_id": 7, "bbox": [1, 2, 3, 4], "score": 0.9}]

    with pytest.raises(DataError, match=rule):
        read(tmp_path, {**tables, "annotations": annotations, **change})
