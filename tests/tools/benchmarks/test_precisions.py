"""Fewer bits give about the same maps."""

import numpy as np

from sppnet.tools.benchmarks.precisions import kinds_of
from tests.conftest import square_image


def test_maps_of_every_kind_are_near_those_of_float32() -> None:
    image = square_image(0)[0]
    plain, *others = [model.layered()[0].backbone.map(image, 200) for _, model in kinds_of("voc07-small", [image] * 4)]

    for map, most in zip(others, (1e-4, 0.02, 0.2), strict=True):
        off = np.abs(map - plain).mean() / np.abs(plain).mean()
        assert off < most
    assert np.abs(others[1] - plain).max() > 0
    assert np.abs(others[2] - plain).max() > 0
