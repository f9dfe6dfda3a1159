"""Tests of the lines of a shard: bit by bit the same when they are read again."""

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from sppnet.data import DataError
from sppnet.tools.command.spreading.entries import entry_objects, entry_windows, objects_entry, windows_entry


@pytest.mark.parametrize("count", [0, 1, 500])
def test_windows_come_back_as_they_were(count: int) -> None:
    windows = np.random.default_rng(count).uniform(0, 600, (count, 4)).astype(np.float32)

    entry = json.loads(json.dumps(windows_entry(windows)))

    found = entry_windows(entry)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, windows)


@pytest.mark.parametrize("count", [0, 30])
def test_objects_come_back_as_they_were(count: int) -> None:
    random = np.random.default_rng(count)
    found: dict[str, npt.NDArray[Any]] = {
        "boxes": random.uniform(0, 600, (count, 4)).astype(np.float32),
        "labels": random.integers(0, 20, count),
        "scores": random.uniform(0, 1, count).astype(np.float32),
    }

    read = entry_objects(json.loads(json.dumps(objects_entry(found))))

    assert {name: values.tolist() for name, values in read.items()} == {
        name: values.tolist() for name, values in found.items()
    }
    assert read["boxes"].shape == (count, 4)


@pytest.mark.parametrize("entry", [{}, {"windows": "?"}, {"windows": "AAAA"}, {"windows": 3}])
def test_damaged_windows_name_their_image(entry: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=r"image 'a\.jpg': damaged windows"):
        entry_windows({"image": "a.jpg", **entry})


def test_damaged_objects_name_their_image() -> None:
    with pytest.raises(DataError, match=r"image 'a\.jpg': damaged objects"):
        entry_objects({"image": "a.jpg", "boxes": [[1, 2, 3]], "labels": [], "scores": []})
