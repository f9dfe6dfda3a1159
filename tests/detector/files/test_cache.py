"""Tests of the arrays kept on disk during training."""

from pathlib import Path

import numpy as np
import pytest

from sppnet.detector.errors import CacheWarning
from sppnet.detector.files.cache import ArrayCache, content_key


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    array = np.arange(6, dtype=np.float16).reshape(2, 3)

    ArrayCache(tmp_path / "new").save("key", array)

    loaded = ArrayCache(tmp_path / "new").load("key")
    assert loaded is not None and loaded.dtype == np.float16
    np.testing.assert_array_equal(loaded, array)


def test_an_unknown_key_is_a_miss(tmp_path: Path) -> None:
    assert ArrayCache(tmp_path).load("nothing") is None


@pytest.mark.parametrize("position", [0, 20, 60, -1])
def test_a_changed_byte_is_a_miss(tmp_path: Path, position: int) -> None:
    cache = ArrayCache(tmp_path)
    cache.save("key", np.zeros(10, np.float32))
    [file] = tmp_path.iterdir()
    content = bytearray(file.read_bytes())
    content[position] ^= 1
    file.write_bytes(content)

    with pytest.warns(CacheWarning, match="key.*array: damaged, or of another image or setting: ignored"):
        assert cache.load("key") is None


@pytest.mark.parametrize("length", [0, 5, 16, 100])
def test_a_truncated_file_is_a_miss(tmp_path: Path, length: int) -> None:
    cache = ArrayCache(tmp_path)
    cache.save("key", np.zeros(100, np.float32))
    [file] = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:length])

    with pytest.warns(CacheWarning, match="damaged"):
        assert cache.load("key") is None


def test_an_array_under_the_name_of_another_is_a_miss(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path)
    cache.save("one", np.zeros(3))
    cache.save("other", np.ones(3))
    one, other = sorted(tmp_path.iterdir())
    swapped = other.read_bytes()
    other.write_bytes(one.read_bytes())
    one.write_bytes(swapped)

    with pytest.warns(CacheWarning, match="of another image or setting"):
        assert [cache.load("one"), cache.load("other")] == [None, None]


def test_saving_again_replaces(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path)
    cache.save("key", np.zeros(3))
    cache.save("key", np.ones(3))

    np.testing.assert_array_equal(cache.load("key"), np.ones(3))
    assert len(list(tmp_path.iterdir())) == 1


def test_keys_tell_shapes_types_and_parts_apart() -> None:
    array = np.zeros(4, np.uint8)
    keys = {
        content_key("a", array),
        content_key("a", array.reshape(2, 2)),
        content_key("a", array.view(np.int8)),
        content_key("b", array),
        content_key("a", "", array),
    }

    assert len(keys) == 5


def test_the_same_content_has_the_same_key() -> None:
    array = np.arange(12).reshape(3, 4)

    assert content_key("a", array.T) == content_key("a", np.ascontiguousarray(array.T))
