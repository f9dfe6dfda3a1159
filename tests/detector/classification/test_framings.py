"""Tests of how a classifier is shown an image: vectors of one length at any size, where windows lie, what is pooled."""

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch.nn.functional import adaptive_max_pool2d

from sppnet.detector.backbone.backbone import Backbone
from sppnet.detector.backbone.conv_layers import cells_of
from sppnet.detector.backbone.preprocessing import resized
from sppnet.detector.classification.framings import (
    SCALES,
    SIDE,
    crop_vectors,
    crop_windows,
    framed_vectors,
    grid_windows,
    map_vectors,
    whole_vectors,
)
from sppnet.detector.errors import InputError
from sppnet.detector.pooling.projection import window_cells
from sppnet.detector.pooling.pyramid import LEVELS
from tests.detector.pooling.pooled import pooled


def picture(height: int, width: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng([height, width]).integers(0, 256, (height, width, 3)).astype(np.uint8)


def torch_vector(backbone: Backbone, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return what torch's own pooling makes of the map of an image as it is."""
    with torch.inference_mode():
        map = torch.as_tensor(backbone.convolve(backbone.preprocessing(image)))
        parts = [adaptive_max_pool2d(map, level)[0].permute(1, 2, 0).flatten() for level in LEVELS]
    return torch.cat(parts).numpy()


@pytest.mark.parametrize(("size", "short_side"), [((50, 50), 40), ((50, 50), 64), ((30, 60), 90), ((90, 50), 160)])
def test_vectors_have_one_length_at_every_size_and_are_those_of_torch(
    tiny_backbone: Backbone, size: tuple[int, int], short_side: int
) -> None:
    image = picture(*size)

    vectors = whole_vectors(tiny_backbone, image, short_side, LEVELS).numpy()

    assert vectors.shape == (1, 8 * 50)
    np.testing.assert_array_equal(vectors[0], torch_vector(tiny_backbone, resized(image, short_side)))


@pytest.mark.parametrize("size", [(4, 4), (4, 40), (40, 4)])
def test_images_too_small_for_a_cell_are_padded_with_the_mean(tiny_backbone: Backbone, size: tuple[int, int]) -> None:
    image, least = picture(*size), tiny_backbone.least_side
    pixels = tiny_backbone.preprocessing(image)
    padded = np.zeros((1, 3, max(least, size[0]), max(least, size[1])), np.float32)
    padded[..., : size[0], : size[1]] = pixels

    vector = whole_vectors(tiny_backbone, image, 4, (1,))

    np.testing.assert_allclose(vector, np.asarray(tiny_backbone.convolve(padded)).max(axis=(2, 3)), rtol=1e-5)


def test_an_image_too_long_to_be_resized_has_a_vector(tiny_backbone: Backbone) -> None:
    assert whole_vectors(tiny_backbone, picture(6000, 2), 16, LEVELS).shape == (1, 8 * 50)


def test_windows_lie_in_the_corners_between_them_and_in_the_centre() -> None:
    corners = [(0, 0), (13, 0), (26, 0), (0, 8), (13, 8), (26, 8), (0, 16), (13, 16), (26, 16)]

    np.testing.assert_array_equal(grid_windows((40, 50), 24), [(x, y, x + 24, y + 24) for x, y in corners])


def test_crops_are_the_corners_and_the_centre() -> None:
    corners = [(0, 0), (26, 0), (0, 16), (26, 16), (13, 8)]

    np.testing.assert_array_equal(crop_windows((40, 50), 24), [(x, y, x + 24, y + 24) for x, y in corners])


@pytest.mark.parametrize(
    ("size", "corners"), [((24, 50), [(0, 0), (13, 0), (26, 0)]), ((50, 24), [(0, 0), (0, 13), (0, 26)])]
)
def test_an_image_as_high_or_wide_as_the_windows_has_three(
    size: tuple[int, int], corners: list[tuple[int, int]]
) -> None:
    np.testing.assert_array_equal(grid_windows(size, 24), [(x, y, x + 24, y + 24) for x, y in corners])


def test_the_paper_has_96_windows_and_two_whole_images(tiny_backbone: Backbone) -> None:
    windows = [len(grid_windows((scale, scale * 4 // 3), SIDE)) for scale in SCALES]

    assert 2 * sum(windows) == 96
    assert framed_vectors(tiny_backbone, picture(60, 80), "maps", None, SIDE, 256, (1, 2)).shape == (98, 8 * 5)


def test_vectors_from_maps_are_those_of_the_pooling_of_windows(tiny_backbone: Backbone) -> None:
    image = picture(60, 80)

    vectors = map_vectors(tiny_backbone, image, 72, 64, (64, 96), LEVELS).numpy()

    for_scale = resized(image, 96)[:, ::-1]
    map = cells_of(tiny_backbone.convolve(tiny_backbone.preprocessing(np.ascontiguousarray(for_scale))))
    cells = window_cells(
        grid_windows((96, 128), 64).astype(np.float32),
        image_size=(96, 128),
        scale=96,
        stride=tiny_backbone.last.stride,
        first_centre=tiny_backbone.last.first_centre,
        map_size=(map.shape[0], map.shape[1]),
    )
    np.testing.assert_allclose(vectors[3 + 3 + 9 : 3 + 3 + 18], pooled(map, cells), rtol=1e-5, atol=1e-5)


def test_a_window_on_the_map_holds_the_cells_of_its_crop(tiny_backbone: Backbone) -> None:
    # The first cell's centre is 4, so cells 0 to 14 have theirs inside a crop of 64 pixels: the crop's own map has
    # 14 of these 15, without padding.
    image = picture(64, 128)

    from_map = map_vectors(tiny_backbone, image, 64, 64, (64,), (1,))[0]

    whole = tiny_backbone.convolve(tiny_backbone.preprocessing(image))[0]
    crop = tiny_backbone.convolve(tiny_backbone.preprocessing(np.ascontiguousarray(image[:, :64])))[0]
    np.testing.assert_allclose(whole[:, : crop.shape[1], : crop.shape[2]], crop, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(from_map, np.asarray(whole)[:, :15, :15].max(axis=(1, 2)))


def test_the_last_two_vectors_are_of_the_whole_image_and_its_mirror_image(tiny_backbone: Backbone) -> None:
    image = picture(60, 80)

    vectors = map_vectors(tiny_backbone, image, 72, 64, (64,), LEVELS).numpy()

    mirrored = np.ascontiguousarray(image[:, ::-1])
    np.testing.assert_array_equal(vectors[6], torch_vector(tiny_backbone, resized(image, 72)))
    np.testing.assert_array_equal(vectors[7], torch_vector(tiny_backbone, resized(mirrored, 72)))


def test_ten_vectors_are_of_five_crops_and_their_mirror_images(tiny_backbone: Backbone) -> None:
    image = picture(72, 96)

    vectors = crop_vectors(tiny_backbone, image, 72, 64, LEVELS).numpy()

    assert vectors.shape == (10, 8 * 50)
    corner = np.ascontiguousarray(image[8:72, 32:96])
    np.testing.assert_array_equal(vectors[3], torch_vector(tiny_backbone, corner))
    np.testing.assert_array_equal(vectors[8], torch_vector(tiny_backbone, np.ascontiguousarray(corner[:, ::-1])))


def test_a_size_scales_the_images_of_crops_with_it(tiny_backbone: Backbone) -> None:
    image = picture(60, 80)

    np.testing.assert_array_equal(
        framed_vectors(tiny_backbone, image, "ten", 32, 64, 72, LEVELS),
        crop_vectors(tiny_backbone, image, 36, 32, LEVELS),
    )


def test_another_framing_is_refused(tiny_backbone: Backbone) -> None:
    with pytest.raises(InputError, match="framing must be full, ten or maps, not 'all'"):
        framed_vectors(tiny_backbone, picture(9, 9), "all", None, 64, 72, LEVELS)  # type: ignore[arg-type]
