"""Tests of TIFF files: samples in separate planes and many samples a pixel are read right, or refused."""

import struct
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from sppnet.data import ImageError, read_image

from .test_images import tiff


def many_samples(pixels: npt.NDArray[Any], *, planar: int, photometric: int = 2, extra: int | None = None) -> bytes:
    """Return a TIFF of pixels (H, W, C), uint8 or uint16, with their samples together (1) or in planes (2)."""
    height, width, samples = pixels.shape
    blocks = [pixels] if planar == 1 else list(np.moveaxis(pixels, 2, 0))
    tags = {
        **{256: [width], 257: [height], 258: [8 * pixels.itemsize] * samples, 259: [1], 262: [photometric]},
        **{273: [0] * len(blocks), 277: [samples], 278: [height], 279: [block.nbytes for block in blocks]},
        **({} if extra is None else {338: [extra] * (samples - 3)}),
        284: [planar],
    }
    start = 10 + 12 * len(tags) + 4
    tags[273] = [start + 4 * sum(map(len, tags.values())) + sum(tags[279][:number]) for number in range(len(blocks))]
    entries = late = b""
    for tag in sorted(tags):
        values = struct.pack(f"<{len(tags[tag])}I", *tags[tag])
        place = values if len(values) == 4 else struct.pack("<I", start + len(late))
        late += values  # also where not needed, which keeps the sum above simple
        entries += struct.pack("<HHI", tag, 4, len(tags[tag])) + place
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + late + b"".join(map(bytes, blocks))


PIXELS = np.random.default_rng(0).integers(0, 256, (3, 5, 8), np.uint8)


@pytest.mark.parametrize("planar", [1, 2])
def test_rgb_in_separate_planes_is_rgb(planar: int) -> None:
    np.testing.assert_array_equal(read_image(many_samples(PIXELS[..., :3], planar=planar)), PIXELS[..., :3])


@pytest.mark.parametrize("samples", [4, 5, 6])
def test_further_samples_of_no_meaning_do_not_count(samples: int) -> None:
    data = many_samples(PIXELS[..., :samples], planar=1, extra=0)

    np.testing.assert_array_equal(read_image(data), PIXELS[..., :3])


@pytest.mark.parametrize(
    ("pixels", "planar", "rule"),
    [
        (PIXELS[..., :3].astype(np.uint16), 2, "RGB, 3 samples of 16 bits a pixel, in separate planes"),
        (PIXELS[..., :4].astype(np.uint16), 2, "RGB, 4 samples of 16 bits a pixel, in separate planes"),
        (PIXELS[..., :5], 2, "RGB, 5 samples of 8 bits a pixel, in separate planes"),
        (PIXELS, 1, "RGB, 8 samples of 8 bits a pixel"),
        (PIXELS[..., :5].astype(np.uint16), 1, "RGB, 5 samples of 16 bits a pixel"),
    ],
)
def test_what_would_be_read_wrong_is_refused(pixels: npt.NDArray[Any], planar: int, rule: str) -> None:
    with pytest.raises(ImageError, match=f"band: unsupported TIFF: {rule}$"):
        read_image(many_samples(pixels, planar=planar, extra=0), name="band")


@pytest.mark.parametrize(
    ("bits", "photometric", "row"), [(1, 0, b"\xa5"), (4, 1, bytes(range(4))), (16, 1, bytes(range(16)))]
)
def test_a_single_sample_has_no_planes(bits: int, photometric: int, row: bytes) -> None:
    planes = read_image(tiff(8, 1, row, t258=bits, t262=photometric, t284=2))

    np.testing.assert_array_equal(planes, read_image(tiff(8, 1, row, t258=bits, t262=photometric)))
