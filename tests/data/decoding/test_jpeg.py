"""Tests of what of a JPEG is missing."""

import numpy as np
import pytest

from sppnet.data import ImageError
from sppnet.data.decoding.jpeg import finished_jpeg, lacks_end, open_jpeg

from .test_images import JPEGS


def test_an_end_marker_is_found() -> None:
    assert [lacks_end(data) for data in (JPEGS[0], JPEGS[0] + b"more", JPEGS[0][:-2])] == [False, False, True]


def test_a_jpeg_without_its_end_marker_is_complete() -> None:
    image, missing = finished_jpeg(JPEGS[0][:-2])

    assert missing == "JPEG without end marker; all its image data is there"
    np.testing.assert_array_equal(image, open_jpeg(JPEGS[0]))


def test_the_rows_that_are_incomplete_are_counted() -> None:
    assert finished_jpeg(JPEGS[0][:-20])[1] == "JPEG cut short; the last 9 of its 120 rows are incomplete"


def test_a_jpeg_that_ends_early_is_refused() -> None:
    with pytest.raises(ImageError, match="truncated JPEG, image data is missing"):
        finished_jpeg(JPEGS[0][:-1000])
