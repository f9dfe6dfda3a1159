"""Tests of random crops: which square is cut, and that batches follow from the seed and the step alone."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch

from sppnet.detector.backbone.preprocessing import Preprocessing
from sppnet.detector.training.layers.crops import Crops, cut

PLAIN = Preprocessing("rgb", 255.0, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
Image = npt.NDArray[np.uint8]


def ramp(height: int, width: int) -> Image:
    """Return an image whose red and green are the column and the row."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns, rows, np.zeros_like(rows)], axis=2).astype(np.uint8)


def crops_of(images: Sequence[Image], **changes: object) -> Crops:
    numbers = np.arange(len(images))
    crops = Crops(images, numbers, PLAIN, batch=3, sizes=(64, 80), scales=(70, 120), flips=False, seed=5)
    return replace(crops, **changes)  # type: ignore[arg-type]


GREYS = [np.full((90, 100, 3), 10 * number, np.uint8) for number in range(7)]


@pytest.mark.parametrize(("place", "corner"), [((0, 0), (0, 0)), ((1, 1), (136, 36)), ((0.5, 0), (68, 0))])
def test_without_resizing_the_square_is_the_images_own(place: tuple[float, float], corner: tuple[int, int]) -> None:
    image = ramp(100, 200)

    square = cut(image, 100, 64, np.array(place))

    left, top = corner
    np.testing.assert_array_equal(square, image[top : top + 64, left : left + 64])


def test_a_square_is_nearly_that_of_the_resized_image() -> None:
    image = ramp(100, 120)
    whole = cv2.resize(image, (240, 200), interpolation=cv2.INTER_LINEAR)

    square = cut(image, 200, 64, np.array([1.0, 1.0]))

    np.testing.assert_allclose(square[1:, 1:], whole[-63:, -63:], atol=1)


def test_an_image_smaller_than_the_crop_is_made_as_large() -> None:
    crop = crops_of([ramp(30, 20)], scales=(10, 10)).crop(0, 0)

    assert crop.shape == (1, 3, 64, 64)
    assert float(crop[0, 0].max()) == 19 and float(crop[0, 0].min()) == 0  # its full width


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (200, 1)])
def test_the_thinnest_images_have_a_crop(shape: tuple[int, int]) -> None:
    assert crops_of([np.zeros((*shape, 3), np.uint8)]).crop(0, 0).shape == (1, 3, 64, 64)


def test_sizes_alternate_from_step_to_step() -> None:
    batches = list(crops_of(GREYS).ahead(0, 3, 1))

    assert [tuple(batch.shape) for batch in batches] == [(3, 3, 64, 64), (3, 3, 80, 80), (3, 3, 64, 64)]


def test_every_image_is_seen_once_in_a_round() -> None:
    seen = torch.cat([batch[:, 0, 0, 0] for batch in crops_of(GREYS, batch=1).ahead(0, 14, 1)]).tolist()

    assert sorted(seen[:7]) == sorted(seen[7:]) == [0, 10, 20, 30, 40, 50, 60]
    assert seen[:7] != seen[7:]


def test_only_the_images_named_are_used() -> None:
    seen = torch.cat(list(crops_of(GREYS, numbers=np.array([2, 5]), sizes=(64,)).ahead(0, 4, 1)))

    assert set(seen.flatten().tolist()) == {20, 50}


def test_batches_depend_on_seed_and_step_alone() -> None:
    images = [ramp(90 + number, 120) for number in range(7)]
    all_of_them = list(crops_of(images, flips=True).ahead(0, 8, 1))

    later = list(crops_of(images, flips=True).ahead(5, 8, 3))

    assert all(torch.equal(one, other) for one, other in zip(all_of_them[5:], later, strict=True))


def test_another_seed_gives_other_crops() -> None:
    one, other = (crops_of([ramp(90, 120)], seed=seed).crop(0, 0) for seed in (0, 1))

    assert not torch.equal(one, other)


def test_mirrored_crops_run_from_right_to_left() -> None:
    batch = crops_of([ramp(90, 120)], batch=20, flips=True).ahead(0, 1, 1)

    rising = next(batch)[:, 0, 0].diff(dim=1).sum(dim=1) > 0

    assert 0 < int(rising.sum()) < 20
