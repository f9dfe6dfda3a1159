"""Damage to contents."""

import io
import json
import zipfile
import zlib
from random import Random

import pytest

from sppnet.tools.benchmarks.faults.reading.damage import damage, damaged_png, damaged_safetensors, damaged_zip
from sppnet.tools.benchmarks.faults.reading.small_files import coco_json, picture


@pytest.mark.parametrize("kind", ["bytes", "text", "json"])
def test_a_damaged_content_is_another_and_the_same_for_the_same_seed(kind: str) -> None:
    made = [damage(coco_json(), kind, Random(seed)) for seed in [*range(20), *range(20)]]

    assert made[:20] == made[20:] and coco_json() not in made


def test_a_damaged_png_has_right_checksums() -> None:
    content = damaged_png(picture("PNG"), Random(1))
    length = int.from_bytes(content[8:12], "big")

    assert zlib.crc32(content[12 : 16 + length]).to_bytes(4, "big") == content[16 + length : 20 + length]


def test_a_damaged_archive_has_right_checksums() -> None:
    good = io.BytesIO()
    with zipfile.ZipFile(good, "w") as archive:
        archive.writestr("a", b"some bytes")

    with zipfile.ZipFile(io.BytesIO(damaged_zip(good.getvalue(), Random(1)))) as archive:
        assert archive.testzip() is None and archive.read("a") != b"some bytes"


def test_a_damaged_header_of_tensors_has_the_right_length() -> None:
    header = json.dumps({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    content = damaged_safetensors(len(header).to_bytes(8, "little") + header + bytes(4), Random(2))

    assert int.from_bytes(content[:8], "little") in (len(content) - 12, len(content) - 8, len(header))
