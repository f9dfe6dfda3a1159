"""Tests of kept examples: distances, files, and files that are damaged."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from safetensors.numpy import load_file, save_file

from sppnet.detector.errors import ModelError
from sppnet.detector.files.examples import FILE, Examples, load_examples

Floats = npt.NDArray[np.float32]
NAMES = ("cat", "dog\nhot", "cat", "dog\nhot")
CROPS = (b"1", b"", b"333", b"4")
# Two pairs, 6 apart, whose members are 2 apart.
VECTORS = np.array([[1, 0, 0], [1, 0, 2], [7, 0, 0], [7, 0, 2]], np.float32)


@pytest.fixture
def examples() -> Examples:
    return Examples.of(NAMES, CROPS, VECTORS)


def test_the_nearest_comes_first_and_distances_are_1_on_average(examples: Examples) -> None:
    found = examples.nearest(VECTORS[2])

    mean = (2 * 2 + 2 * 6 + 2 * 40**0.5) / 6
    assert [(each.name, each.crop) for each in found] == [("cat", b"333"), ("dog\nhot", b"4"), ("cat", b"1")]
    assert [each.distance for each in found] == pytest.approx([0, 2 / mean, 6 / mean], abs=2e-3)


def test_directions_are_no_more_than_examples_differ_in(examples: Examples) -> None:
    assert examples.codes.shape == (4, 2) and examples.basis.shape == (2, 3)
    many = Examples.of(["cat"] * 90, [b""] * 90, np.random.default_rng(0).normal(size=(90, 200)).astype(np.float32))
    assert many.codes.shape == (90, 64)


def test_a_single_example_is_near_to_all() -> None:
    [found] = Examples.of(["cat"], [b"1"], VECTORS[:1]).nearest(VECTORS[2])

    assert found == ("cat", 0.0, b"1")


def test_they_are_the_same_from_their_file(examples: Examples, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(examples.to_bytes())

    found = load_examples(tmp_path, 3)

    assert found is not None
    assert (found.names, found.crops, found.scale) == (NAMES, CROPS, examples.scale)
    assert found.nearest(VECTORS[1]) == examples.nearest(VECTORS[1])


def test_all_but_none_may_be_renamed_away(examples: Examples, tmp_path: Path) -> None:
    fewer = examples.renamed({"cat": "lion", "dog\nhot": None})
    (tmp_path / FILE).write_bytes(fewer.renamed({"lion": None}).to_bytes())

    assert (fewer.names, fewer.crops, len(fewer.codes)) == (("lion", "lion"), (b"1", b"333"), 2)
    none = load_examples(tmp_path, 3)
    assert none is not None and none.nearest(VECTORS[0]) == ()


def test_a_folder_without_them_has_none(tmp_path: Path) -> None:
    assert load_examples(tmp_path, 3) is None


@pytest.mark.parametrize(
    "change",
    [
        {"codes": np.zeros((3, 2), np.float16)},
        {"codes": np.full((4, 2), np.nan, np.float16)},
        {"basis": np.zeros((2, 4), np.float16)},
        {"mean": np.zeros(3, np.float32)},
        {"ends": np.array([0, 1, 1, 9, 5])},
        {"ends": np.array([0, 1, 1, 4])},
        {"crops": np.zeros(4, np.uint8)},
    ],
)
def test_what_does_not_fit_is_refused(examples: Examples, tmp_path: Path, change: dict[str, Any]) -> None:
    (tmp_path / FILE).write_bytes(examples.to_bytes())
    described = {"examples": '{"names": ["a", "b", "c", "d"], "scale": 1.0}'}
    save_file(load_file(tmp_path / FILE) | change, tmp_path / FILE, described)

    with pytest.raises(ModelError, match="do not fit each other"):
        load_examples(tmp_path, 3)


@pytest.mark.parametrize(
    "described",
    ["", "[", "5", '{"names": [], "scale": "x"}', '{"names": 5, "scale": 1}', '{"names": [1, 2, 3, 4], "scale": 1}'],
)
def test_damaged_descriptions_are_refused(examples: Examples, tmp_path: Path, described: str) -> None:
    (tmp_path / FILE).write_bytes(examples.to_bytes())
    save_file(load_file(tmp_path / FILE), tmp_path / FILE, {"examples": described})

    with pytest.raises(ModelError, match=FILE):
        load_examples(tmp_path, 3)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no tensors")

    with pytest.raises(ModelError, match="cannot be read"):
        load_examples(tmp_path, 3)
