"""The score of a trained model: which images, how it is said, and the confidence it leaves in the model."""

from pathlib import Path
from typing import Any

import pytest

from sppnet.data import open_data
from sppnet.tools.command.inputs.items import Items
from sppnet.tools.command.shapes import write_shapes
from sppnet.tools.training.scoring import described, drawn, score
from tests.stand_in import BOX, StandIn

SCORE: dict[str, Any] = {
    **{"on": "those held out", "images": 40, "mAP": 0.5, "interval": [0.25, 0.75], "confidence": 0.37, "F1": 0.6},
    **{"precision": 0.5, "recall": 0.75},
    "AP": {
        "cat": {"AP": 0.4, "interval": [0.2, 0.6]},
        "dog": {"AP": 0.6, "interval": [0.3, 0.9]},
        "emu": {"AP": None, "interval": None},
    },
}


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    write_shapes(tmp_path, train=4, val=1, seed=2)
    return tmp_path


def scored(shapes: Path, network: Any) -> dict[str, Any]:
    data = open_data(shapes, "train")
    return score(network, Items(data), data, 0, seed=0)


def find_the_first_object(monkeypatch: pytest.MonkeyPatch, shapes: Path) -> None:
    """Let the stand-in find what is annotated, a disc at its place, in image after image."""
    boxes = iter([target["boxes"][:1] for _, target in open_data(shapes, "train")])
    predict = StandIn.predict

    def at_the_object(self: StandIn, images: list[Any], **options: Any) -> list[dict[str, Any]]:
        return [{**found, "boxes": next(boxes)} for found in predict(self, images)]

    monkeypatch.setattr(StandIn, "predict", at_the_object)


def test_what_is_found_nowhere_leaves_the_confidence(shapes: Path) -> None:
    network = StandIn(open_data(shapes).classes)

    found = scored(shapes, network)

    assert (found["images"], found["F1"], found["confidence"], network.confidence) == (4, 0.0, 0.5, 0.5)
    assert BOX not in [tuple(box) for _, target in open_data(shapes) for box in target["boxes"].tolist()]


def test_the_best_confidence_becomes_the_model_s(shapes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find_the_first_object(monkeypatch, shapes)
    network = StandIn(open_data(shapes).classes)

    found = scored(shapes, network)

    assert found["mAP"] > 0 and found["interval"][0] <= found["mAP"] <= found["interval"][1]
    assert network.confidence == found["confidence"] == 0.38  # all scores are 0.75: the middle of 0.01 to 0.75


def test_at_most_so_many_images_are_drawn_and_the_same_ones(shapes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sppnet.tools.training.scoring.SCORED", {"sppnet": 2, "rcnn": 1})
    data = open_data(shapes, "train")

    first, same, rcnn = (drawn(data, method, seed=1).ids for method in ("sppnet", "sppnet", "rcnn"))
    assert len(first) == 2 and first == same == sorted(first) and len(rcnn) == 1


def test_the_score_is_said_with_its_interval_and_its_classes() -> None:
    first, second, third = described(SCORE)

    assert first.startswith("mAP 50.0 [25 to 75]") and "40 images of those held out" in first
    assert second == "  cat 40.0 [20 to 60], dog 60.0 [30 to 90]"
    assert third.startswith("confidence 0.37 is best there, and the model's own from now on: ")
    assert third.endswith("50 % of what it shows is right, and it finds 75 %")


def test_a_score_of_few_images_is_called_rough() -> None:
    assert any("3 images are few" in line for line in described({**SCORE, "images": 3}))


def test_a_perfect_score_has_no_interval_that_would_call_it_sure() -> None:
    assert described({**SCORE, "mAP": 1.0, "interval": [1.0, 1.0]})[0].startswith("mAP 100.0 on ")


def test_images_without_objects_give_no_score() -> None:
    assert described({**SCORE, "mAP": None})[0].startswith("no score: ")
