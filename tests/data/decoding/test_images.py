"""The decoder: exact pixels of every kind of file, and one typed error for every kind of damage."""

import io
import struct
import time
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from sppnet.data import DataWarning, ImageError, read_image
from sppnet.data.decoding.images import MAX_BYTES
from sppnet.tools.benchmarks.faults.worst_inputs import (
    many_chunks,
    many_scans,
    many_segments,
    many_strips,
    run_lengths,
)

RGB = np.random.default_rng(0).integers(0, 256, (3, 5, 3), np.uint8)
PHOTO = cv2.resize(np.random.default_rng(1).integers(0, 256, (12, 16, 3), np.uint8), (160, 120))
TURNED = {
    1: RGB,
    2: RGB[:, ::-1],
    3: np.rot90(RGB, 2),
    4: RGB[::-1],
    5: RGB.swapaxes(0, 1),
    6: np.rot90(RGB, -1),
    7: np.rot90(RGB, 2).swapaxes(0, 1),
    8: np.rot90(RGB, 1),
}
EXACT = [("PNG", {}), ("BMP", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}), ("WEBP", {"lossless": True})]


def encoded(image: npt.NDArray[Any] | Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(file, kind, **options)
    return file.getvalue()


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def png_header(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"")
    chunks = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (header, data)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def webp(width: int, height: int) -> bytes:
    """Return an animated WebP of small frames on a canvas of a size."""
    data = bytearray(encoded(PHOTO, "WEBP", save_all=True, append_images=[Image.fromarray(255 - PHOTO)]))
    data[24:30] = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return bytes(data)


def tiff(width: int, height: int, pixels: bytes = b"", **changes: int) -> bytes:
    """Return a grey TIFF; changes are tags by number, such as t262."""
    tags = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 0, 277: 1, 278: height, 279: len(pixels), 339: 1}
    tags |= {int(tag[1:]): value for tag, value in changes.items()}
    tags[273] = 14 + 12 * len(tags)
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + pixels


@pytest.mark.parametrize(("kind", "options"), EXACT)
def test_lossless_formats_keep_every_pixel(kind: str, options: dict[str, Any]) -> None:
    pixels = read_image(encoded(RGB, kind, **options))

    np.testing.assert_array_equal(pixels, RGB)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert pixels.flags.writeable


def test_a_jpeg_is_close_to_what_was_written() -> None:
    difference = read_image(encoded(PHOTO, "JPEG", quality=95)).astype(int) - PHOTO

    assert np.abs(difference).mean() < 3


def test_a_file_is_read_by_its_content_not_its_suffix(tmp_path: Path) -> None:
    file = tmp_path / "picture.jpg"
    file.write_bytes(encoded(RGB, "PNG"))

    np.testing.assert_array_equal(read_image(file), RGB)
    np.testing.assert_array_equal(read_image(str(file)), RGB)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    np.testing.assert_array_equal(read_image(encoded(RGB, exif=exif(orientation))), TURNED[orientation])


@pytest.mark.parametrize(("kind", "options"), EXACT[2:])
def test_exif_orientation_of_other_formats_is_applied_once(kind: str, options: dict[str, Any]) -> None:
    np.testing.assert_array_equal(read_image(encoded(RGB, kind, exif=exif(6), **options)), TURNED[6])


def test_exif_orientation_of_a_jpeg_is_applied() -> None:
    upright = read_image(encoded(TURNED[6], "JPEG", quality=100, subsampling=0))

    turned = read_image(encoded(RGB, "JPEG", quality=100, subsampling=0, exif=exif(6)))

    assert np.abs(turned.astype(int) - upright).max() < 16


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_changes_nothing(value: int) -> None:
    np.testing.assert_array_equal(read_image(encoded(RGB, exif=exif(value))), RGB)


def test_damaged_exif_does_not_cost_the_image() -> None:
    data = encoded(PHOTO, "JPEG", dpi=(72, 72), exif=b"Exif\0\0II*\0\xff\xff\xff\xff junk")

    np.testing.assert_array_equal(read_image(data), read_image(encoded(PHOTO, "JPEG", dpi=(72, 72))))


def test_grey_is_copied_to_the_three_channels() -> None:
    np.testing.assert_array_equal(read_image(encoded(RGB[..., 0])), np.stack([RGB[..., 0]] * 3, axis=2))


def test_one_bit_is_black_and_white() -> None:
    bits = Image.fromarray(np.array([[0, 255]], np.uint8)).convert("1")

    assert read_image(encoded(bits)).tolist() == [[[0, 0, 0], [255, 255, 255]]]


def test_a_palette_is_replaced_by_its_colours() -> None:
    image = Image.fromarray(np.array([[0, 1, 1]], np.uint8)).convert("P")
    image.putpalette([10, 20, 30, 200, 100, 50])

    assert read_image(encoded(image)).tolist() == [[[10, 20, 30], [200, 100, 50], [200, 100, 50]]]


def test_a_transparent_palette_entry_is_white() -> None:
    image = Image.fromarray(np.array([[0, 1]], np.uint8)).convert("P")
    image.putpalette([10, 20, 30, 200, 100, 50])

    assert read_image(encoded(image, transparency=0)).tolist() == [[[255, 255, 255], [200, 100, 50]]]
    assert read_image(encoded(image, transparency=b"\xff\0")).tolist() == [[[10, 20, 30], [255, 255, 255]]]


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True, "exact": True})])
def test_alpha_is_composed_over_white(kind: str, options: dict[str, Any]) -> None:
    rgba = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 100, 255, 51]]], np.uint8)

    assert read_image(encoded(rgba, kind, **options)).tolist() == [[[10, 20, 30], [255, 255, 255], [204, 224, 255]]]


def test_grey_with_alpha_is_composed_over_white() -> None:
    grey = Image.fromarray(np.array([[[0, 51]]], np.uint8))

    assert read_image(encoded(grey)).tolist() == [[[204, 204, 204]]]


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True, "exact": True})])
def test_an_alpha_channel_that_is_0_everywhere_is_ignored(kind: str, options: dict[str, Any]) -> None:
    rgba = np.array([[[10, 20, 30, 0], [0, 100, 255, 0]]], np.uint8)

    assert read_image(encoded(rgba, kind, **options)).tolist() == [[[10, 20, 30], [0, 100, 255]]]


def test_grey_with_an_alpha_channel_that_is_0_everywhere_is_grey() -> None:
    grey = Image.fromarray(np.array([[[7, 0], [9, 0]]], np.uint8))

    assert read_image(encoded(grey)).tolist() == [[[7] * 3, [9] * 3]]


def test_cmyk_is_converted_by_the_plain_product() -> None:
    cmyk = Image.frombytes("CMYK", (3, 1), bytes([0, 0, 0, 0, 255, 0, 0, 0, 0, 51, 255, 51]))

    expected = [[[255, 255, 255], [0, 255, 255], [204, 163, 0]]]
    assert read_image(encoded(cmyk, "TIFF")).tolist() == expected


def test_a_cmyk_jpeg_is_not_inverted() -> None:
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))

    np.testing.assert_allclose(read_image(encoded(cyan, "JPEG", quality=95))[8, 8], [0, 255, 255], atol=3)


def test_without_adobe_s_marker_0_is_no_ink() -> None:
    cyan = encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 255)), "JPEG", quality=95)
    start = cyan.index(b"\xff\xee")

    plain = cyan[:start] + cyan[start + 2 + int.from_bytes(cyan[start + 2 : start + 4], "big") :]

    # What Adobe's way writes for magenta, yellow and black is cyan alone in the plain way.
    np.testing.assert_allclose(read_image(plain)[8, 8], [0, 255, 255], atol=3)


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("channels", [1, 3])
def test_16_bits_become_their_high_byte(suffix: str, channels: int) -> None:
    values = np.array([[0, 255, 256, 257, 1000, 32767, 65279, 65535]], np.uint16)
    data = cv2.imencode(suffix, np.dstack([values] * channels))[1].tobytes()

    expected = np.dstack([np.array([[0, 0, 1, 1, 3, 127, 254, 255]], np.uint8)] * 3)
    np.testing.assert_array_equal(read_image(data), expected)


def test_12_bits_become_their_highest_8() -> None:
    data = tiff(2, 1, bytes([0x12, 0x3F, 0xFF]), t258=12)

    assert read_image(data).tolist() == [[[0x12] * 3, [0xFF] * 3]]


def test_16_bits_with_white_for_zero_are_turned() -> None:
    data = tiff(2, 1, struct.pack("<HH", 0, 0x1200), t258=16, t262=0)

    assert read_image(data).tolist() == [[[0xFF] * 3, [0xFF - 0x12] * 3]]


@pytest.mark.parametrize("bits", [8, 16])
def test_signed_samples_are_refused(bits: int) -> None:
    with pytest.raises(ImageError, match="signed, float and 32-bit samples are not supported"):
        read_image(tiff(2, 1, bytes(4), t258=bits, t339=2))


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_32_bit_samples_are_refused(kind: type[Any]) -> None:
    with pytest.raises(ImageError, match="32-bit samples"):
        read_image(encoded(np.zeros((2, 2), kind), "TIFF"))


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {})])
def test_the_first_of_several_frames_is_read(kind: str, options: dict[str, Any]) -> None:
    data = encoded(RGB, kind, save_all=True, append_images=[Image.fromarray(255 - RGB)], **options)

    np.testing.assert_array_equal(read_image(data), RGB)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 3000, 3), (3000, 1, 3)])
def test_extreme_shapes_are_read(shape: tuple[int, int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)

    np.testing.assert_array_equal(read_image(encoded(pixels)), pixels)


@pytest.mark.parametrize(
    "data",
    [
        png_header(30_000, 30_000),
        png_header(40_000, 1),
        b"BM" + struct.pack("<IIIIiiHHIIIIII", 54, 0, 54, 40, 30_000, 30_000, 1, 24, 0, 0, 0, 0, 0, 0),
        encoded(PHOTO, "JPEG").replace(struct.pack(">HH", 120, 160), struct.pack(">HH", 30_000, 30_000), 1),
        webp(30_000, 30_000),
        tiff(30_000, 30_000),
    ],
    ids=["png", "wide png", "bmp", "jpeg", "webp", "tiff"],
)
def test_a_bomb_is_refused_by_its_header(data: bytes) -> None:
    tracemalloc.start()
    start = time.perf_counter()
    with pytest.raises(ImageError, match=r"bomb: .*(limit|000000 pixels)"):
        read_image(data, name="bomb")

    assert time.perf_counter() - start < 0.5
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


def test_the_limits_are_arguments() -> None:
    data = encoded(RGB)

    assert read_image(data, max_pixels=15, max_side=5).shape == (3, 5, 3)
    with pytest.raises(ImageError, match=r"5 x 3 pixels, the limits are 14 pixels"):
        read_image(data, max_pixels=14)
    with pytest.raises(ImageError, match=r"and 4 for the longer side"):
        read_image(data, max_side=4)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "the file is empty"),
        (b"not an image at all", "not a JPEG, PNG, BMP, WebP, TIFF, AVIF or HEIC file"),
        (b"GIF89a" + bytes(40), "not a JPEG"),
        (b"\xff\xd8\xff", "damaged"),
        (encoded(PHOTO, "JPEG")[:-900], "image data is missing"),
        (encoded(PHOTO, "PNG")[:-900], "damaged"),
        (encoded(PHOTO, "BMP")[:-900], "damaged"),
        (encoded(PHOTO, "TIFF")[:-900], "damaged"),
        (encoded(PHOTO, "WEBP")[:-900], "damaged"),
    ],
)
def test_an_unusable_file_is_named_with_the_reason(tmp_path: Path, content: bytes, rule: str) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(content)

    with pytest.raises(ImageError, match=rf"photo\.jpg: .*{rule}"):
        read_image(file)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"gone\.jpg: no such file"):
        read_image(tmp_path / "gone.jpg")
    with pytest.raises(ImageError, match=rf"{tmp_path.name}: not a file"):
        read_image(tmp_path)


def test_a_file_too_large_is_not_even_read(tmp_path: Path) -> None:
    file = tmp_path / "film.jpg"
    with file.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)

    tracemalloc.start()
    with pytest.raises(ImageError, match=r"film\.jpg: 1,073,741,825 bytes, the limit is 1,073,741,824"):
        read_image(file)

    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


JPEGS = [
    encoded(PHOTO, "JPEG", **options)
    for options in ({}, {"progressive": True}, {"quality": 98, "subsampling": 0}, {"restart_marker_rows": 1})
] + [encoded(PHOTO[..., 0], "JPEG"), encoded(Image.fromarray(PHOTO).convert("CMYK"), "JPEG")]


@pytest.mark.parametrize(
    ("data", "tail"),
    [*((data, b"") for data in JPEGS), *((JPEGS[0], tail) for tail in (b"\xff", b"\xff\xff", b"\0" * 100, b"words"))],
)
def test_a_jpeg_without_end_marker_is_kept_with_a_warning(data: bytes, tail: bytes) -> None:
    with pytest.warns(DataWarning, match="cut: JPEG without end marker"):
        pixels = read_image(data[:-2] + tail, name="cut")

    np.testing.assert_array_equal(pixels, read_image(data))


@pytest.mark.parametrize(("data", "cut"), [*((data, 20) for data in JPEGS), *((JPEGS[0], cut) for cut in (3, 4, 5, 7))])
def test_a_jpeg_that_lacks_bytes_of_its_last_blocks_is_kept_with_a_warning(data: bytes, cut: int) -> None:
    with pytest.warns(DataWarning, match=r"cut: JPEG cut short; the last [89] of its 120 rows are incomplete"):
        pixels = read_image(data[:-cut], name="cut")

    np.testing.assert_array_equal(pixels[:-9], read_image(data)[:-9])


@pytest.mark.parametrize("data", JPEGS)
@pytest.mark.parametrize("share", [0.5, 0.8])
def test_a_jpeg_cut_in_its_middle_is_refused(data: bytes, share: float) -> None:
    with pytest.raises(ImageError, match=r"image data is missing|damaged"):
        read_image(data[: round(share * len(data))])


@pytest.mark.parametrize("cut", [300, 1000])
def test_a_jpeg_that_lacks_more_than_its_last_blocks_is_refused(cut: int) -> None:
    with pytest.raises(ImageError, match="image data is missing"):
        read_image(JPEGS[0][:-cut])


def test_a_progressive_jpeg_cut_between_two_scans_is_refused() -> None:
    data = JPEGS[1]

    with pytest.raises(ImageError, match="image data is missing"):
        read_image(data[: data.rfind(b"\xff\xc4")])


@pytest.mark.parametrize("data", JPEGS[:2])
@pytest.mark.parametrize("more", [b"\0more", b"\xff\xc0\0\x0b\x08\0\x01\0\x01\x01\x07\x11\0\xff\xda", JPEGS[1][:-2]])
def test_bytes_after_the_end_marker_do_not_matter(data: bytes, more: bytes) -> None:
    np.testing.assert_array_equal(read_image(data + more), read_image(data))


def test_the_end_marker_of_a_thumbnail_is_not_that_of_the_picture() -> None:
    thumbnail = b"\xff\xe1" + struct.pack(">H", 2 + len(JPEGS[4])) + JPEGS[4]
    data = JPEGS[0][:2] + thumbnail + JPEGS[0][2:]

    np.testing.assert_array_equal(read_image(data), read_image(JPEGS[0]))
    with pytest.warns(DataWarning, match="JPEG without end marker"):
        np.testing.assert_array_equal(read_image(data[:-2]), read_image(JPEGS[0]))


def test_a_jpeg_cut_in_its_scan_and_ended_again_has_a_grey_rest() -> None:
    pixels = read_image(JPEGS[0][:-900] + b"\xff\xd9")

    np.testing.assert_array_equal(pixels[:16], read_image(JPEGS[0])[:16])
    assert np.ptp(pixels[-8:, -8:].reshape(-1, 3), axis=0).tolist() == [0, 0, 0]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP", "TIFF", "AVIF"])
@pytest.mark.filterwarnings("ignore")
def test_mutated_bytes_give_pixels_or_an_image_error(kind: str) -> None:
    random = np.random.default_rng(3)
    original = encoded(PHOTO[::4, ::4], kind, exif=exif(6))
    start = time.perf_counter()

    outcomes = {mutated_outcome(original, random) for _ in range(1000)}

    assert outcomes == {"pixels", "error"}
    assert time.perf_counter() - start < 20


def mutated_outcome(original: bytes, random: np.random.Generator) -> str:
    data = np.frombuffer(original, np.uint8).copy()
    count = random.integers(0, 4)
    data[random.integers(0, min(len(data), 600), count)] = random.integers(0, 256, count)
    data = data[: random.integers(len(data) // 2, 2 * len(data))]
    try:
        pixels = read_image(data.tobytes())
    except ImageError:
        return "error"
    assert pixels.dtype == np.uint8
    assert pixels.ndim == 3
    return "pixels"


def test_threads_read_the_same_pixels() -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(read_image, JPEGS * 8))

    assert [pixels.tobytes() for pixels in results] == [read_image(data).tobytes() for data in JPEGS] * 8


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (many_scans(64, 100), "a JPEG of 106 scans, and of this size it may have 100"),
        (many_segments(2000), r"2,005 segments in 8,\d\d\d bytes are no JPEG"),
        (many_chunks(2000), r"more than 1,\d\d\d chunks in 24,\d\d\d bytes are no PNG"),
        (many_strips(100_001), "a TIFF may lie in 100,000 strips or tiles, and lies in 100,001"),
        (run_lengths(4000, 2001), "a run-length coded BMP may have 8,000,000 pixels, and has 8,004,000"),
    ],
)
def test_a_file_that_asks_for_much_work_is_refused(data: bytes, rule: str) -> None:
    with pytest.raises(ImageError, match=rule):
        read_image(data)


def test_a_jpeg_without_end_is_decoded_several_times_and_may_have_fewer_scans() -> None:
    with pytest.raises(ImageError, match="a JPEG of 13 scans, and of this size it may have 12"):
        read_image(many_scans(64, 7, ended=False), max_pixels=64 * 64)


def test_a_small_run_length_coded_bmp_is_read() -> None:
    assert read_image(run_lengths(5, 3)).shape == (3, 5, 3)


def test_our_limit_may_be_above_pillow_s_own() -> None:
    with pytest.raises(ImageError, match="9500 x 9500 pixels, the limits are 90000000 pixels"):
        read_image(png_header(9_500, 9_500), max_pixels=90_000_000)
