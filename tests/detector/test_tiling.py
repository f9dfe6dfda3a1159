"""Tests of large pictures in tiles, with a stand-in model that finds red rectangles by their pixels."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from sppnet.detector import InputError, predict_tiled

RED = (255, 0, 0)


class Rectangles:
    """Finds every rectangle of 20 pixels or more, red ones as class 0 and blue ones as class 1."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, ...]] = []

    def predict(self, images: Sequence[Any], **_options: Any) -> list[dict[str, Any]]:
        [image] = images
        self.seen.append(image.shape[:2])
        boxes = [(label, box) for label, channel in enumerate((0, 2)) for box in rectangles(image[:, :, channel] > 128)]
        # The larger, the better.
        scores = np.array([1 - 1 / (box[2] - box[0]) for _, box in boxes], np.float32)
        return [
            {
                "boxes": np.array([box for _, box in boxes], np.float32).reshape(-1, 4),
                "labels": np.array([label for label, _ in boxes], np.int64),
                "scores": scores,
                "margins": scores * 2,
                "milliseconds": {"conv": 1.0},
            }
        ]


def rectangles(mask: npt.NDArray[np.bool_]) -> list[list[int]]:
    _, _, statistics, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    return [[x, y, x + w, y + h] for x, y, w, h, _ in statistics[1:].tolist() if min(w, h) >= 20]


def picture(width: int, height: int, *boxes: tuple[int, int, int, int], colour: tuple[int, ...] = RED) -> Any:
    image = np.zeros((height, width, 3), np.uint8)
    for left, top, right, bottom in boxes:
        image[top:bottom, left:right] = colour
    return image


def found(image: Any, **options: Any) -> list[list[float]]:
    result = predict_tiled(Rectangles(), image, **{"tile": 100, "overlap": 0.4, "whole": 100, **options})  # type: ignore[arg-type]
    return sorted(result["boxes"].tolist())


def test_small_objects_are_found_in_tiles_where_they_are_in_the_picture() -> None:
    boxes = [(130, 20, 160, 50), (250, 160, 280, 190)]

    assert found(picture(300, 200, *boxes)) == [list(box) for box in boxes]


def test_an_object_in_two_tiles_is_one() -> None:
    # Tiles begin at 0, 50, 100 and 150: it is whole in the second and the third.
    assert found(picture(250, 100, (105, 30, 140, 60))) == [[105, 30, 140, 60]]


def test_halves_at_a_border_inside_the_picture_are_dropped_beside_the_whole() -> None:
    # The first tile sees 30 pixels of it, the second one all 38.
    assert found(picture(250, 100, (70, 30, 108, 60))) == [[70, 30, 108, 60]]


def test_objects_at_the_border_of_the_picture_are_whole() -> None:
    assert found(picture(250, 100, (0, 0, 30, 30), (220, 70, 250, 100))) == [[0, 0, 30, 30], [220, 70, 250, 100]]


def test_an_object_larger_than_a_tile_is_found_in_the_whole_picture() -> None:
    assert found(picture(400, 400, (40, 80, 360, 320))) == [[40, 80, 360, 320]]


def test_a_part_stays_where_nothing_else_is_found() -> None:
    # 25 pixels high, it is too flat in the whole picture, and longer than every tile.
    assert found(picture(500, 100, (20, 30, 440, 55)), overlap=0) != []


def test_objects_of_different_classes_do_not_suppress_each_other() -> None:
    image = picture(250, 100, (105, 30, 140, 60), colour=(255, 0, 255))

    result = predict_tiled(Rectangles(), image, tile=100, whole=100)  # type: ignore[arg-type]

    assert sorted(result["labels"].tolist()) == [0, 1]


def test_a_picture_no_larger_than_a_tile_is_seen_once() -> None:
    model = Rectangles()

    predict_tiled(model, picture(100, 80, (10, 10, 40, 40)), tile=100, whole=100)  # type: ignore[arg-type]

    assert model.seen == [(80, 100)]


def test_tiles_overlap_and_cover_the_picture_after_its_small_whole() -> None:
    model = Rectangles()

    result = predict_tiled(model, picture(260, 90), tile=100, whole=1)  # type: ignore[arg-type]

    assert model.seen == [(35, 100), (90, 100), (90, 100), (90, 100)]
    assert result["milliseconds"] == {"conv": 4.0}
    assert result["boxes"].shape == (0, 4)


def test_the_best_comes_first_with_all_that_is_known_of_it() -> None:
    result = predict_tiled(Rectangles(), picture(300, 200, (5, 5, 30, 30), (150, 60, 190, 100)), tile=100, whole=100)  # type: ignore[arg-type]

    np.testing.assert_array_equal(result["boxes"], [[150, 60, 190, 100], [5, 5, 30, 30]])
    np.testing.assert_allclose(result["scores"], [1 - 1 / 40, 1 - 1 / 25])
    np.testing.assert_allclose(result["margins"], result["scores"] * 2)


@pytest.mark.parametrize("options", [{"tile": 0}, {"overlap": -0.1}, {"overlap": 0.95}])
def test_tiles_out_of_range_are_an_error(options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="a tile needs a positive side and an overlap of 0 to"):
        found(picture(300, 200), **options)
