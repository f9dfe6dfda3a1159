"""COCO's file: pycocotools reads it, and a run that is gone on with counts on."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from sppnet.data import Results, coco_results
from sppnet.data.results.coco import FILE, coco_file
from tests.data.results.records import CLASSES, COW, DOG, record, written


def opened(file: Path) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(file))


def test_pycocotools_reads_images_categories_and_boxes(tmp_path: Path) -> None:
    files = written("coco", tmp_path)

    read = opened(tmp_path / FILE)
    assert set(files) == {FILE}
    assert read.loadImgs([1, 2]) == [
        {"id": 1, "file_name": "photos/street.png", "width": 160, "height": 120},
        {"id": 2, "file_name": "sky.jpg", "width": 160, "height": 120},
    ]
    assert read.loadCats([1, 2]) == [{"id": 1, "name": "dog"}, {"id": 2, "name": "cow"}]
    dog, cow = read.loadAnns(read.getAnnIds(imgIds=[1]))
    assert (dog["category_id"], dog["bbox"], dog["area"], dog["score"]) == (1, [10, 20, 50.5, 60], 3030, 0.75)
    assert (cow["id"], cow["category_id"], cow["bbox"]) == (2, 2, [100, 0, 60, 120])
    assert read.getAnnIds(imgIds=[2]) == []


def test_a_run_that_is_gone_on_with_numbers_as_one_that_was_not_interrupted(tmp_path: Path) -> None:
    first, second = record("a.png", DOG, COW), record("b.png", DOG)
    whole = written("coco", tmp_path / "whole", {"a": first, "b": second})
    cut = Results(tmp_path / "cut")
    with contextlib.suppress(KeyboardInterrupt), coco_file(cut, CLASSES) as write:
        write("a", first)
        sizes = dict(cut.sizes)
        write("b", first)
        raise KeyboardInterrupt

    with coco_file(Results(tmp_path / "cut", sizes), CLASSES) as write:
        write("b", second)

    assert (tmp_path / "cut" / FILE).read_text() == whole[FILE]


def test_no_images_make_a_file_without_any(tmp_path: Path) -> None:
    with coco_file(Results(tmp_path), CLASSES):
        pass

    content = json.loads((tmp_path / FILE).read_text())
    assert (content["images"], content["annotations"], len(content["categories"])) == ([], [], 2)


def test_pycocotools_scores_the_results_by_the_numbers_of_the_truth(tmp_path: Path) -> None:
    box = {"bbox": [10, 20, 50, 60], "area": 3000, "iscrowd": 0}
    truth = {"info": {}, "images": [{"id": 70}], "categories": [{"id": 5, "name": "cow"}, {"id": 18, "name": "dog"}]}
    truth["annotations"] = [{"id": 1, "image_id": 70, "category_id": 18, **box}]
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    found = {
        "boxes": np.array([[10, 20, 60, 80], [0, 0, 9, 9]], np.float32),
        "labels": np.array([0, 1]),
        "scores": np.array([0.75, 0.5], np.float32),
    }
    (tmp_path / "found.json").write_text(coco_results([(70, found)], [18, None]))

    with contextlib.redirect_stdout(io.StringIO()):
        known = COCO(str(tmp_path / "truth.json"))
        scores = COCOeval(known, known.loadRes(str(tmp_path / "found.json")), "bbox")
        scores.evaluate()
        scores.accumulate()
        scores.summarize()

    assert json.loads((tmp_path / "found.json").read_text())[0]["category_id"] == 18
    assert scores.stats[0] == pytest.approx(1)
    assert coco_results([], []) == "[]\n"
