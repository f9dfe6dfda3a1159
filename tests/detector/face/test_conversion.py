"""Tests of detections for other libraries; a stand-in takes the place of supervision where it is not installed."""

import contextlib
import io
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pandas
import pytest
from pycocotools.coco import COCO

from sppnet.detector import InputError
from tests.detector.face.test_detections import found


@pytest.fixture
def supervision(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let supervision be a module that returns what it is given."""
    monkeypatch.setitem(sys.modules, "supervision", stand_in(Detections=SimpleNamespace))


def stand_in(**members: Any) -> ModuleType:
    module = ModuleType("stand-in")
    vars(module).update(members)
    return module


def test_a_table_has_a_row_for_each() -> None:
    table = found().to_pandas()

    assert isinstance(table, pandas.DataFrame)
    assert table.to_dict("list") == {
        **{"name": ["dog", "cat"], "label": [1, 0], "score": [0.75, 0.5], "margin": [1.5, 0]},
        **{"x1": [1, 30.5], "y1": [2, 5], "x2": [30, 60], "y2": [22, 40]},
    }
    assert table[table.score > 0.6].name.tolist() == ["dog"]


@pytest.mark.usefixtures("supervision")
def test_supervision_gets_its_own_names() -> None:
    made = found().to_supervision()

    np.testing.assert_array_equal(made.xyxy, found().boxes)
    np.testing.assert_array_equal(made.confidence, found().scores)
    assert made.class_id.tolist() == [1, 0] and made.data["class_name"].tolist() == ["dog", "cat"]


@pytest.mark.usefixtures("supervision")
def test_of_nothing_the_tables_are_empty() -> None:
    assert found(0).to_pandas().shape == (0, 8)
    assert found(0).to_supervision().xyxy.shape == (0, 4)


@pytest.mark.parametrize("library", ["pandas", "supervision"])
def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    monkeypatch.setitem(sys.modules, library, None)

    with pytest.raises(ImportError, match=f"to_{library} needs {library}, .*: pip install {library}"):
        getattr(found(), f"to_{library}")()


def test_supervision_itself_takes_them() -> None:
    supervision = pytest.importorskip("supervision", reason="supervision, which is optional, is not installed")

    assert isinstance(found().to_supervision(), supervision.Detections) and len(found(0).to_supervision()) == 0


@pytest.mark.parametrize(("source", "image"), [("a/000012.jpg", 12), ("dog.jpg", "dog")])
def test_coco_gets_the_image_of_the_file(source: str, image: int | str) -> None:
    assert [result["image_id"] for result in found(source=source).to_coco()] == [image, image]


def test_pycocotools_reads_the_results() -> None:
    coco = COCO()
    categories = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    coco.dataset = {"info": {}, "images": [{"id": 7}], "categories": categories}
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
        results = coco.loadRes(found().to_coco(7))

    dog, cat = results.loadAnns(results.getAnnIds(imgIds=[7]))
    assert (dog["category_id"], dog["bbox"], dog["score"]) == (2, [1, 2, 29, 20], 0.75)
    assert (cat["category_id"], cat["bbox"]) == (1, [30.5, 5, 29.5, 35])


def test_coco_needs_an_image() -> None:
    with pytest.raises(InputError, match="to_coco needs an image_id"):
        found().to_coco()
