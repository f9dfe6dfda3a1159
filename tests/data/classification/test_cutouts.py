"""Tests of cut-out objects: what is cut where, and that the background is cut beside the objects."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from sppnet.data import VOC, Cutouts, DataError
from sppnet.data.scoring.metrics import pair_overlaps
from tests.data.formats.voc.test_devkit import add_image

CLASSES = ("dog", "cow", "cat")  # `add_image` marks cats difficult


@pytest.fixture
def voc(tmp_path: Path) -> VOC:
    """A dog at x 4 to 8 and y 6 to 10, a difficult cat, a cow in the corner; every pixel tells where it is."""
    add_image(tmp_path, "1", [("dog", (5, 7, 8, 10)), ("cat", (1, 1, 20, 30)), ("cow", (1, 1, 2, 4))])
    add_image(tmp_path, "2", [])
    for name in ("1", "2"):
        Image.fromarray(pixels()).save(tmp_path / "JPEGImages" / f"{name}.png")
    return VOC(tmp_path, classes=CLASSES)


def pixels() -> npt.NDArray[np.uint8]:
    rows, columns = np.mgrid[:30, :20]
    return np.stack([rows, columns, rows * 0], axis=2).astype(np.uint8)


def place(cutout: npt.NDArray[np.uint8]) -> list[int]:
    """Return the x1 y1 x2 y2 of a cut-out of such an image."""
    first, last = cutout[0, 0], cutout[-1, -1]
    return [int(first[1]), int(first[0]), int(last[1]) + 1, int(last[0]) + 1]


def test_objects_that_are_not_difficult_are_cut_out(voc: VOC) -> None:
    data = Cutouts(voc)

    assert data.classes == CLASSES
    assert [data.label(i) for i in range(len(data))] == [0, 1]


def test_a_box_is_enlarged_around_its_centre(voc: VOC) -> None:
    cutout, label = Cutouts(voc, enlargement=1.5)[0]

    assert (label, place(cutout)) == (0, [3, 5, 9, 11])


def test_what_leaves_the_image_is_cut_off(voc: VOC) -> None:
    assert place(Cutouts(voc, enlargement=2)[1][0]) == [0, 0, 3, 6]


def test_without_enlargement_it_is_the_box(voc: VOC) -> None:
    assert place(Cutouts(voc, enlargement=1)[0][0]) == [4, 6, 8, 10]


def test_a_box_below_a_pixel_at_the_edge_gives_a_pixel(tmp_path: Path) -> None:
    add_image(tmp_path, "1", [("dog", (20, 30, 20, 30))])

    assert Cutouts(VOC(tmp_path), enlargement=1)[0][0].shape == (1, 1, 3)


def test_every_image_adds_its_background_as_the_last_class(voc: VOC) -> None:
    data = Cutouts(voc, background=2)

    assert data.classes == (*CLASSES, "background")
    assert [data.label(i) for i in range(len(data))] == [0, 1, 3, 3, 3, 3]


def test_background_is_beside_the_objects(tmp_path: Path) -> None:
    add_image(tmp_path, "1", [("dog", (3, 5, 12, 20))])
    Image.fromarray(pixels()).save(tmp_path / "JPEGImages" / "1.png")
    data = Cutouts(VOC(tmp_path), background=20)
    places = np.array([place(data[i][0]) for i in range(1, 21)], np.float64)

    # Edges are rounded to pixels, hence a little more.
    assert pair_overlaps(places, np.array([2, 4, 12, 20.0])).max() < 0.4
    assert len(np.unique(places, axis=0)) > 10


def test_background_without_a_free_place_is_cut_all_the_same(voc: VOC) -> None:
    cutout, label = Cutouts(voc, background=1)[2]  # the difficult cat fills the image

    assert (label, cutout.ndim) == (3, 3)
    assert pair_overlaps(np.array(place(cutout)), np.array([0, 0, 20, 30.0])) > 0


def test_the_same_seed_cuts_the_same_background(voc: VOC) -> None:
    cut = [place(Cutouts(voc, background=1, seed=seed)[3][0]) for seed in (1, 1, 2)]

    assert cut[0] == cut[1] != cut[2]


def test_nothing_to_cut_out_is_refused(tmp_path: Path) -> None:
    add_image(tmp_path, "1", [("cat", (1, 1, 20, 30))])

    with pytest.raises(DataError, match="no objects to cut out"):
        Cutouts(VOC(tmp_path))


@pytest.mark.parametrize("options", [{"enlargement": 0.5}, {"enlargement": float("nan")}, {"background": -1}])
def test_settings_out_of_range_are_refused(voc: VOC, options: dict[str, float]) -> None:
    with pytest.raises(DataError, match="enlargement must be 1 or more and background not negative"):
        Cutouts(voc, **options)  # type: ignore[arg-type]


def test_a_class_called_background_is_refused(tmp_path: Path) -> None:
    add_image(tmp_path, "1", [("background", (1, 1, 20, 30))])

    with pytest.raises(DataError, match="has a class 'background'"):
        Cutouts(VOC(tmp_path), background=1)
