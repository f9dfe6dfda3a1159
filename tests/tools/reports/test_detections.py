"""Tests of what a person sees of objects: the image with boxes, cut-outs, lines."""

import io
from typing import Any

import numpy as np
from PIL import Image

from sppnet.tools.reports.detections import annotate, cut_out, summary

GREY = np.full((120, 160, 3), 90, np.uint8)


def record(*boxes: list[float]) -> dict[str, Any]:
    objects = [{"label": "dog", "score": 0.75, "margin": 1.5, "box": box} for box in boxes]
    size = {"width": 160, "height": 120}
    return {"image": "a.jpg", **size, "detections": objects, "milliseconds": {"conv": 2.4}}


def size(picture: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(picture)) as image:
        return image.size


def test_boxes_are_drawn_and_the_rest_stays() -> None:
    drawn = np.asarray(Image.open(io.BytesIO(annotate(GREY, record([10, 20, 60, 80]), ["dog"])))).astype(int)

    assert np.abs(drawn[75, 10] - 90).max() > 30
    assert np.abs(drawn[110, 150] - 90).max() < 10


def test_a_cut_out_holds_all_pixels_that_the_box_touches() -> None:
    pictures = dict(cut_out(GREY, record([10.9, 20, 60.1, 80], [159.9, 119.9, 160, 120], [160, 120, 160, 120]), "x/a"))

    assert {name: size(picture) for name, picture in pictures.items()} == {
        "crops/dog/x/a-1.jpg": (51, 60),
        "crops/dog/x/a-2.jpg": (1, 1),
        "crops/dog/x/a-3.jpg": (1, 1),
    }


def test_nothing_found_is_cut_out_nowhere() -> None:
    assert dict(cut_out(GREY, record(), "a")) == {}


def test_a_line_tells_the_image_and_one_each_object() -> None:
    assert summary(record([10, 20, 60, 80])).splitlines() == [
        "a.jpg 160x120: 1 objects, ms: conv 2",
        "  dog          0.75     10.0    20.0    60.0    80.0",
    ]
