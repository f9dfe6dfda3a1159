"""Tests of what is found in an image: a dictionary for programs, detections for people."""

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sppnet.detector import Detection, Detections, InputError
from sppnet.detector.face.colours import class_colour

GREY = np.full((40, 60, 3), 128, np.uint8)


def found(count: int = 2, source: Any = None) -> Detections:
    arrays = {
        "boxes": np.array([[1, 2, 30, 22], [30.5, 5, 60, 40]], np.float32)[:count],
        "labels": np.array([1, 0])[:count],
        "scores": np.array([0.75, 0.5], np.float32)[:count],
        "margins": np.array([1.5, 0], np.float32)[:count],
        "milliseconds": {"conv": 3.0},
    }
    return Detections(arrays, ("cat", "dog"), source)


def test_it_is_still_the_dictionary() -> None:
    detections = found()

    assert isinstance(detections, dict) and "boxes" in detections
    for plain in (dict(detections), {**detections}, detections | {}, dict(detections.items())):
        assert list(plain) == ["boxes", "labels", "scores", "margins", "milliseconds"]
        assert plain["boxes"] is detections.boxes


def test_arrays_and_names_are_attributes() -> None:
    detections = found()

    assert detections.boxes is detections["boxes"] and detections.labels is detections["labels"]
    assert detections.scores is detections["scores"] and detections.margins is detections["margins"]
    assert detections.names == ["dog", "cat"] and detections.classes == ("cat", "dog")


def test_length_iteration_and_numbers_are_those_of_the_detections() -> None:
    detections = found()

    assert len(detections) == 2 and [one.name for one in detections] == ["dog", "cat"]
    assert detections[0].name == "dog" and detections[-1].name == "cat"
    assert detections[-2] == Detection("dog", 1, 0.75, 1.5, (1.0, 2.0, 30.0, 22.0))


def test_no_detections_are_false_and_empty() -> None:
    nothing = found(0)

    assert not nothing and list(nothing) == [] and nothing.names == [] and nothing.to_coco(1) == []


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda detections: pickle.loads(pickle.dumps(detections))]
)
def test_copies_are_the_same(copied: Any) -> None:
    twin = copied(found(source="a.jpg"))

    assert list(twin) == list(found()) and twin.source == "a.jpg" and twin["milliseconds"] == {"conv": 3.0}


@pytest.mark.parametrize(
    ("detections", "text"),
    [
        (found(source="a/photo.jpg"), "<2 objects in a/photo.jpg: dog 0.75, cat 0.50>"),
        (found(1), "<1 object: dog 0.75>"),
        (found(0, Path("photo.jpg")), "<no objects in photo.jpg>"),
    ],
)
def test_it_is_printed_for_people(detections: Detections, text: str) -> None:
    assert repr(detections) == text


def test_of_many_the_first_are_printed() -> None:
    many = {name: np.repeat(value, 6, axis=0) for name, value in found().items() if name != "milliseconds"}

    assert repr(Detections(many, ("cat", "dog"))).endswith("cat 0.50, 4 more>")


def test_the_image_it_was_given_is_drawn_on() -> None:
    drawn = found(source=GREY).draw()

    assert drawn.size == (60, 40) and drawn.getpixel((1, 21)) == class_colour(1)
    assert (GREY == 128).all()


def test_a_file_is_read_again_to_be_drawn_on(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "grey.png")

    assert found(source=str(tmp_path / "grey.png")).draw() == found(source=GREY).draw()


def test_another_image_can_be_drawn_on() -> None:
    assert found().draw(GREY) == found(source=GREY).draw()


def test_without_an_image_nothing_can_be_drawn() -> None:
    with pytest.raises(InputError, match="the image is not kept with these detections"):
        found().draw()


@pytest.mark.parametrize(("name", "format"), [("drawn.jpg", "JPEG"), ("drawn.PNG", "PNG"), ("drawn.webp", "WEBP")])
def test_what_is_drawn_is_saved_in_the_format_of_its_suffix(tmp_path: Path, name: str, format: str) -> None:
    found(source=GREY).save(tmp_path / name)

    with Image.open(tmp_path / name) as picture:
        assert (picture.format, picture.size) == (format, (60, 40))


@pytest.mark.parametrize(
    ("name", "message"),
    [("a.txt", "written as .txt"), ("a", "without suffix"), ("no/a.jpg", "there is no folder .*no")],
)
def test_what_cannot_be_saved_is_named(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(InputError, match=f"{name}: .*{message}"):
        found(source=GREY).save(tmp_path / name)
