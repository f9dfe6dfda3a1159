"""Tests of what all detectors do with images, on one that finds a box as large as the image."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sppnet.detector import Detections, Inference, InputError
from sppnet.detector.face.predictor import Predictor

COLOURS = np.random.default_rng(1).integers(0, 256, (6, 8, 3)).astype(np.uint8)


class Whole(Predictor):
    """Finds the whole image twice, with scores of 0.75 and 0.25, and remembers the pixels."""

    def __init__(self) -> None:
        self.classes, self.confidence = ("cat", "dog"), 0.5
        self.seen: list[Any] = []

    def _detect(self, image: Any, windows: Any, confidence: float, iou: float, inference: Inference) -> dict[str, Any]:
        self.seen.append(image)
        kept = np.array([0.75, 0.25], np.float32) >= confidence
        return {
            "boxes": np.array([[0, 0, image.shape[1], image.shape[0]]] * 2, np.float32)[kept],
            "labels": np.array([1, 0])[kept],
            "scores": np.array([0.75, 0.25], np.float32)[kept],
            "margins": np.array([1, -1], np.float32)[kept],
            "milliseconds": {},
        }


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    Image.fromarray(COLOURS).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_all_ways_to_give_an_image_give_the_same_pixels(photo: Path) -> None:
    model, content = Whole(), photo.read_bytes()
    images = [str(photo), photo, content, Image.open(photo), Image.open(io.BytesIO(content)), COLOURS, COLOURS / 255]

    model(images)
    model.predict(images)

    assert len(model.seen) == 2 * len(images)
    for seen in model.seen:
        np.testing.assert_array_equal(seen, COLOURS)


def test_a_call_returns_what_the_model_is_confident_of(photo: Path) -> None:
    model = Whole()

    one, two = model(str(photo)), model([photo, COLOURS])

    assert isinstance(one, Detections) and one.names == ["dog"]
    assert [len(found) for found in two] == [1, 1]
    assert len(model(photo, confidence=0)) == 2


def test_predict_returns_a_list_of_everything(photo: Path) -> None:
    for images in (photo, [photo], COLOURS, COLOURS[None]):
        [found] = Whole().predict(images)
        assert isinstance(found, Detections) and len(found) == 2


def test_a_call_keeps_what_it_was_given_and_predict_only_paths(photo: Path) -> None:
    model = Whole()

    assert model(COLOURS).draw().size == (8, 6) and model(photo.read_bytes()).draw().size == (8, 6)
    assert model.predict([photo])[0].draw().size == (8, 6)
    assert model.predict([COLOURS, Image.open(photo)])[0].source is None


def test_no_images_give_no_results() -> None:
    assert Whole()([]) == Whole().predict([]) == []


def test_windows_go_with_the_images(photo: Path) -> None:
    with pytest.raises(InputError, match="2 images need as many arrays of windows, not 1"):
        Whole().predict([photo, photo], windows=[np.zeros((0, 4), np.float32)])
    with pytest.raises(InputError, match=r"image 1: windows must be finite and of shape \(N, 4\)"):
        Whole().predict([photo, photo], windows=[np.zeros((0, 4), np.float32), np.zeros(3, np.float32)])
