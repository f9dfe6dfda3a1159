"""Tests of reading MATLAB files, which SciPy writes here, and damaged ones, on which SciPy's own reader crashes."""

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.io import savemat

from sppnet.proposals import ProposalError, read_windows
from sppnet.tools.benchmarks.faults.worst_inputs import (
    EMPTY_CELL,
    MATLAB_HEADER,
    many_sides,
    packed_cells,
    plain_cells,
)
from tests.proposals.test_exchange import mutated, outcome

FIRST = np.array([[1, 1, 20, 30], [5, 11, 8, 12]])  # y1 x1 y2 x2, counted from 1, the last pixel included
OURS = [[0, 0, 30, 20], [10, 4, 12, 8]]


def cells(values: list[Any], *, column: bool = False) -> npt.NDArray[np.object_]:
    found = np.empty((len(values), 1) if column else (1, len(values)), object)
    found.ravel()[:] = values
    return found


def matlab_file(folder: Path, *, compress: bool = False, **variables: Any) -> Path:
    savemat(folder / "found.mat", variables, do_compression=compress)
    return folder / "found.mat"


def two_images(names: bool = True, **options: Any) -> dict[str, Any]:
    images = {"images": cells(["000005", "000007"], column=True)} if names else {}
    return {"boxes": cells([FIRST.astype(float), FIRST[:1].astype(float)]), **images, **options}


@pytest.mark.parametrize("compress", [False, True])
def test_windows_are_named_turned_and_count_from_0(tmp_path: Path, compress: bool) -> None:
    found = read_windows(matlab_file(tmp_path, compress=compress, **two_images()))

    assert list(found) == ["000005", "000007"]
    np.testing.assert_array_equal(found["000005"], OURS)
    np.testing.assert_array_equal(found["000007"], OURS[:1])


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int32, np.uint16, np.uint8])
def test_numbers_of_any_kind_are_read(tmp_path: Path, kind: type[np.generic]) -> None:
    found = read_windows(matlab_file(tmp_path, boxes=cells([FIRST.astype(kind)]), images=cells(["a"])))

    np.testing.assert_array_equal(found["a"], OURS)


def test_an_image_without_windows_has_none(tmp_path: Path) -> None:
    found = read_windows(matlab_file(tmp_path, boxes=cells([np.zeros((0, 0))]), images=cells(["a"])))

    assert found["a"].shape == (0, 4)


def test_other_variables_do_not_matter(tmp_path: Path) -> None:
    file = matlab_file(tmp_path, other=np.arange(9.0), **two_images(), text="abc", compress=True)

    assert len(read_windows(file)) == 2


def test_names_that_the_file_lacks_can_be_given(tmp_path: Path) -> None:
    found = read_windows(matlab_file(tmp_path, **two_images(names=False)), ["x", "y"])

    np.testing.assert_array_equal(found["y"], OURS[:1])


def test_names_in_the_file_go_before_those_given(tmp_path: Path) -> None:
    assert list(read_windows(matlab_file(tmp_path, **two_images()), ["x", "y"])) == ["000005", "000007"]


@pytest.mark.parametrize(
    ("variables", "ids", "rule"),
    [
        ({"images": cells(["a"])}, None, "has no boxes"),
        ({"boxes": FIRST}, None, ".*: boxes must be a cell array, got a matrix of class"),
        (two_images(names=False), None, "has no names of images, which must be given then"),
        (two_images(names=False), ["x"], "boxes must be those of the 1 images named, got 2"),
        (two_images(images=cells(["a", "a"])), None, ".*: image 'a' is there twice"),
        (two_images(images=cells([np.ones(2), "a"])), None, ".*: images must be names, got a matrix"),
        (two_images(boxes=cells(["text", FIRST])), None, "image '000005': windows must be real numbers"),
        (two_images(boxes=cells([FIRST * 1j, FIRST])), None, "image '000005': windows must be real numbers"),
        (two_images(boxes=cells([FIRST, FIRST[:, :3]])), None, "image '000007'"),
        (two_images(boxes=cells([FIRST, FIRST - 1])), None, "image '000007', box 1: edges must not be negative"),
        (two_images(boxes=cells([FIRST, FIRST[:, ::-1]])), None, "image '000007', box 1"),
        (two_images(boxes=cells([FIRST * np.nan, FIRST])), None, "image '000005', box 1"),
    ],
)
def test_what_breaks_a_rule_is_named(
    tmp_path: Path, variables: dict[str, Any], ids: list[str] | None, rule: str
) -> None:
    with pytest.raises(ProposalError, match=rf"found\.mat: {rule}"):
        read_windows(matlab_file(tmp_path, **variables), ids)


def test_a_file_of_version_7_3_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mat").write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + b"\x89HDF")

    with pytest.raises(ProposalError, match=r"a\.mat: .* version 7\.3 \(HDF5\)"):
        read_windows(tmp_path / "a.mat")


@pytest.mark.parametrize("content", [b"", b"text", bytes(200)])
def test_what_is_no_matlab_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mat").write_bytes(content)

    with pytest.raises(ProposalError, match=r"a\.mat: no readable MATLAB file"):
        read_windows(tmp_path / "a.mat")


@pytest.mark.parametrize("compress", [False, True])
def test_damaged_files_raise_nothing_but_our_error(tmp_path: Path, compress: bool) -> None:
    file = matlab_file(tmp_path, compress=compress, **two_images())
    whole, random = file.read_bytes(), np.random.default_rng(0)

    outcomes = {outcome(file, mutated(whole, random)) for _ in range(200)}

    assert outcomes == {"read", "refused"}


def element(kind: int, content: bytes) -> bytes:
    """Return an element of a file of the other byte order."""
    return struct.pack(">II", kind, len(content)) + content + bytes(-len(content) % 8)


def matrix(kind: int, shape: tuple[int, ...], name: bytes, content: bytes) -> bytes:
    head = element(6, struct.pack(">II", kind, 0)) + element(5, struct.pack(f">{len(shape)}i", *shape))
    return element(14, head + element(1, name) + content)


def big_endian_file(folder: Path, name_shape: tuple[int, ...]) -> Path:
    """Write the first image's windows and its name, ab, whose four letters at most stand in their tag."""
    name = matrix(4, name_shape, b"", struct.pack(">HH", 2, 16) + b"ab\0\0")
    boxes = matrix(6, (2, 4), b"", element(9, FIRST.astype(">f8").tobytes(order="F")))
    variables = matrix(1, (1, 1), b"boxes", boxes) + matrix(1, (1, 1), b"images", name)
    (folder / "found.mat").write_bytes(b" " * 124 + b"\x01\x00MI" + variables)
    return folder / "found.mat"


def test_a_file_of_a_machine_of_other_byte_order_is_read(tmp_path: Path) -> None:
    np.testing.assert_array_equal(read_windows(big_endian_file(tmp_path, (1, 2)))["ab"], OURS)


@pytest.mark.parametrize("shape", [(), (2, 1)])
def test_a_name_that_is_no_row_of_letters_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(ProposalError, match=r"images must be names, got a matrix \("):
        read_windows(big_endian_file(tmp_path, shape))


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_file_cut_short_is_refused(tmp_path: Path, compress: bool, kept: float) -> None:
    file = matlab_file(tmp_path, compress=compress, **two_images(names=False))
    content = file.read_bytes()
    file.write_bytes(content[: 128 + int(kept * (len(content) - 128))])

    with pytest.raises(ProposalError, match=r"found\.mat: no readable MATLAB file"):
        read_windows(file, ["a", "b"])


def test_a_compressed_variable_of_more_bytes_than_can_be_is_refused(tmp_path: Path) -> None:
    file = matlab_file(tmp_path, compress=True, **two_images(names=False))
    content = file.read_bytes()
    inner = bytearray(zlib.decompress(content[136:]))
    inner[4:8] = struct.pack("<I", 0xFFFFFFF0)
    packed = zlib.compress(bytes(inner))
    file.write_bytes(content[:128] + struct.pack("<II", 15, len(packed)) + packed)

    with pytest.raises(ProposalError, match="boxes must have at most 1,048,576 bytes, got 4,294,967,280"):
        read_windows(file, ["a", "b"])


def test_a_damaged_checksum_is_noticed(tmp_path: Path) -> None:
    file = matlab_file(tmp_path, compress=True, **two_images(names=False))
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    with pytest.raises(ProposalError, match="no readable MATLAB file"):
        read_windows(file, ["a", "b"])


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (packed_cells(200_000), "boxes must have at most 1,048,576 bytes, got 1,600,"),
        (packed_cells(10_000), "has no names of images"),
        (plain_cells(500_001), "boxes must have at most 500,000 cells, got 500,001"),
        (many_sides(100_000), "a matrix must have at most 32 sides, got 100,000$"),
        (MATLAB_HEADER + EMPTY_CELL * 1001, "it has more than 1,000 variables"),
    ],
)
def test_work_is_bounded_by_the_size_of_the_file(tmp_path: Path, content: bytes, rule: str) -> None:
    (tmp_path / "found.mat").write_bytes(content)

    with pytest.raises(ProposalError, match=rf"found\.mat: .*{rule}"):
        read_windows(tmp_path / "found.mat")
