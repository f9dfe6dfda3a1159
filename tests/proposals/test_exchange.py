"""Windows in files: written and read back, one image at a time, complete or not at all, and refused by name."""

import io
import json
import os
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from sppnet.proposals import ProposalError, check_inside, read_windows, write_windows
from sppnet.proposals.exchange import MAX_MEMBER_BYTES
from sppnet.tools.benchmarks.faults.worst_inputs import understated_archive

Windows = npt.NDArray[Any]

NONE = np.zeros((0, 4), np.float32)
WINDOWS = {"000005": np.array([[0, 0, 4, 5], [1.5, 2, 3, 65535]], np.float32), "none": NONE}
FORMATS = pytest.mark.parametrize("suffix", [".npz", ".json"])


def npy(array: Windows, **options: Any) -> bytes:
    content = io.BytesIO()
    np.lib.format.write_array(content, array, **options)
    return content.getvalue()


def archive(folder: Path, *members: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    file = folder / "found.npz"
    with zipfile.ZipFile(file, "w", method) as zipped:
        for name, content in members:
            zipped.writestr(name, content)
    return file


def text(folder: Path, content: Any) -> Path:
    file = folder / "found.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def assert_same(found: Any, windows: Any) -> None:
    assert list(found) == list(windows)
    assert [found[name].dtype for name in found] == [np.float32] * len(windows)
    np.testing.assert_equal(dict(found), dict(windows))


@FORMATS
def test_what_is_written_reads_back(tmp_path: Path, suffix: str) -> None:
    write_windows(tmp_path / f"a{suffix}", WINDOWS.items())

    assert_same(read_windows(tmp_path / f"a{suffix}"), WINDOWS)


@FORMATS
def test_no_images_read_back(tmp_path: Path, suffix: str) -> None:
    write_windows(tmp_path / f"a{suffix}", [])

    assert_same(read_windows(tmp_path / f"a{suffix}"), {})


@FORMATS
def test_every_name_reads_back_and_is_no_path(tmp_path: Path, suffix: str) -> None:
    names = ["a/b", "../../etc/passwd", "/", "a", "a.npy", ".npy", "", "\u00e9\u4e2d\U0001f600", 'quo"te\n', "x" * 1000]
    windows = {name: np.array([[0, 0, 1, place]], np.float32) for place, name in enumerate(names, 1)}

    write_windows(tmp_path / f"a{suffix}", windows.items())

    assert_same(read_windows(tmp_path / f"a{suffix}"), windows)
    assert [path.name for path in tmp_path.iterdir()] == [f"a{suffix}"]


@FORMATS
def test_the_same_windows_make_the_same_file(tmp_path: Path, suffix: str) -> None:
    write_windows(tmp_path / f"a{suffix}", WINDOWS.items())
    write_windows(tmp_path / f"b{suffix}", WINDOWS.items())

    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_archives_of_numpy_are_read(tmp_path: Path, save: Any) -> None:
    boxes = np.array([[0, 0, 4, 5], [1, 2, 3, 7]], np.float32)
    kinds = ["uint8", "int64", "float16", "float64", ">f4"]
    save(tmp_path / "a.npz", **{f"a/{kind}": np.asfortranarray(boxes.astype(kind)) for kind in kinds})

    assert_same(read_windows(tmp_path / "a.npz"), {f"a/{kind}": boxes for kind in kinds})


def test_numpy_reads_our_archives(tmp_path: Path) -> None:
    write_windows(tmp_path / "a.npz", WINDOWS.items())

    with np.load(tmp_path / "a.npz") as found:
        np.testing.assert_equal(dict(found), WINDOWS)


def test_an_archive_is_read_one_image_at_a_time(tmp_path: Path) -> None:
    many = np.tile(np.array([[0, 0, 4, 5]], np.float32), (100_000, 1))
    write_windows(tmp_path / "a.npz", ((str(number), many) for number in range(20)))

    tracemalloc.start()
    total = sum(len(windows) for windows in read_windows(tmp_path / "a.npz").values())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert total == 2_000_000
    assert peak < 8 * many.nbytes


def test_whether_an_image_is_there_is_told_without_reading_it(tmp_path: Path) -> None:
    found = read_windows(archive(tmp_path, ("a.npy", b"damaged")))

    assert "a" in found
    assert "b" not in found


def test_an_unknown_image_is_a_key_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        read_windows(archive(tmp_path))["a"]


@pytest.mark.parametrize(
    ("box", "rule"),
    [
        ([0, 0, np.nan, 5], "edges must be finite numbers"),
        ([0, 0, np.inf, 5], "edges must be finite numbers"),
        ([0, 0, 1e300, 5], "edges must be finite numbers"),
        ([-1, 0, 4, 5], "edges must not be negative"),
        ([4, 0, 4, 5], "x1 must be less than x2"),
        ([16777216, 0, 16777217, 5], "x1 must be less than x2"),  # not so in float32
        ([0, 6, 4, 5], r"y1 must be less than y2, got x1 y1 x2 y2 = \[0\.0, 6\.0, 4\.0, 5\.0\]"),
    ],
)
def test_a_bad_box_is_named_with_the_rule_and_its_value(tmp_path: Path, box: list[float], rule: str) -> None:
    file = archive(tmp_path, ("a.npy", npy(np.array([[0, 0, 4, 5], box]))))

    with pytest.raises(ProposalError, match=rf"found\.npz: image 'a', box 2: {rule}"):
        read_windows(file)["a"]


def test_a_bad_box_of_json_is_named_alike(tmp_path: Path) -> None:
    file = text(tmp_path, {"a": [[0, 0, 4, 5], [4, 0, 4, 5]]})

    with pytest.raises(ProposalError, match=r"found\.json: image 'a', box 2: x1 must be less than x2"):
        read_windows(file)["a"]


@FORMATS
def test_a_bad_box_is_not_written_either(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(ProposalError, match="image 'a', box 1: y1 must be less than y2"):
        write_windows(tmp_path / f"a{suffix}", [("a", np.array([[0, 5, 4, 5]]))])

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (npy(np.zeros(4)), r"windows must be numbers \(N, 4\), got float64 \(4,\)"),
        (npy(np.zeros((2, 5))), r"windows must be numbers \(N, 4\), got float64 \(2, 5\)"),
        (npy(np.zeros((2, 4), bool)), "windows must be numbers"),
        (npy(np.zeros((2, 4), complex)), "windows must be numbers"),
        (npy(np.zeros((2, 4), "U3")), "windows must be numbers"),
        (npy(np.array([[None] * 4]), allow_pickle=True), "damaged: .*object"),
        (npy(np.ones((2, 4)), version=(2, 0)), r"damaged: version 2\.0"),
        (npy(np.ones((2, 4)))[:-1], "damaged"),
        (npy(np.ones((2, 4))) + b"\0", "damaged"),
        (npy(np.ones((2, 4))).replace(b"(2, 4)", b"(9, 4)"), "damaged"),
        (npy(np.ones((2, 4))).replace(b"(2, 4)", b"(2, -"), "damaged"),
        (b"", "damaged"),
        (b"junk", "damaged"),
    ],
)
def test_a_member_that_is_no_array_of_boxes_is_named(tmp_path: Path, content: bytes, rule: str) -> None:
    file = archive(tmp_path, ("a.npy", content))

    with pytest.raises(ProposalError, match=rf"found\.npz: image 'a': {rule}"):
        read_windows(file)["a"]


def test_a_huge_array_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    file = archive(tmp_path, ("a.npy", bytes(MAX_MEMBER_BYTES + 1)), method=zipfile.ZIP_DEFLATED)

    tracemalloc.start()
    with pytest.raises(ProposalError, match=r"image 'a': must have at most 67,108,864 bytes, got 67,108,865"):
        read_windows(file)["a"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 1 << 20


def test_an_array_that_is_larger_than_is_said_is_not_unpacked_further(tmp_path: Path) -> None:
    (tmp_path / "found.npz").write_bytes(understated_archive(64, said=1000))

    tracemalloc.start()
    with pytest.raises(ProposalError, match=r"found\.npz: image 'a': damaged: "):
        read_windows(tmp_path / "found.npz")["a"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 1 << 20


def test_a_message_about_a_long_name_is_cut(tmp_path: Path) -> None:
    (tmp_path / "found.json").write_text(json.dumps({"a" * 100_000: [[1, 2]]}))

    with pytest.raises(
        ProposalError, match=r"found\.json: image 'aaa.* \.\.\. a.*must be 4 numbers, got \[1, 2\]"
    ) as error:
        read_windows(tmp_path / "found.json")

    assert len(str(error.value)) == 1000


def test_a_header_that_promises_more_than_there_is_takes_no_memory(tmp_path: Path) -> None:
    file = archive(tmp_path, ("a.npy", npy(np.ones((1000, 4))).replace(b"(1000, 4)", b"(10**9,4)")))

    with pytest.raises(ProposalError, match="damaged"):
        read_windows(file)["a"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ([("a.npy", npy(NONE)), ("a.npy", npy(NONE))], "image 'a' is there twice"),
        ([("a.npy", npy(NONE)), ("readme.txt", b"")], r"must hold arrays \(\.npy\) only, got 'readme.txt'"),
    ],
)
def test_an_archive_holds_one_array_for_each_image(tmp_path: Path, members: list[tuple[str, bytes]], rule: str) -> None:
    with pytest.raises(ProposalError, match=rf"found\.npz: {rule}"):
        read_windows(archive(tmp_path, *members))


def test_rare_compressions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ProposalError, match="image 'a': must be stored or deflated, got 14"):
        read_windows(archive(tmp_path, ("a.npy", npy(NONE)), method=zipfile.ZIP_LZMA))


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("", "no readable JSON"),
        ("{", "no readable JSON"),
        ("[" * 100_000, "no readable JSON"),
        ('{"a": [], "a": []}', "no readable JSON: 'a' is there twice"),
        ("[]", r"must be an object with an entry for each image, got \[\]"),
        ({"a": {}}, "image 'a': must be a list of boxes, got {}"),
        ({"a": [[0, 0, 4, 5], [0, 0, 4]]}, r"image 'a', box 2: must be 4 numbers, got \[0, 0, 4\]"),
        ({"a": [[0, 0, 4, "5"]]}, "image 'a', box 1: must be 4 numbers"),
        ({"a": [[0, 0, 4, True]]}, "image 'a', box 1: must be 4 numbers"),
        ({"a": [[0, 0, 4, None]]}, "image 'a', box 1: must be 4 numbers"),
        ({"a": [[0, 0, 4, 10**400]]}, "image 'a': edges must be finite numbers"),
        ({"a": [5]}, "image 'a', box 1: must be 4 numbers, got 5"),
    ],
)
def test_json_of_another_form_is_refused(tmp_path: Path, content: Any, rule: str) -> None:
    with pytest.raises(ProposalError, match=rf"found\.json: {rule}"):
        read_windows(text(tmp_path, content))


@pytest.mark.parametrize("name", ["gone.npz", "gone.json", "gone.mat"])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ProposalError, match=rf"{name}: cannot be read: No such file"):
        read_windows(tmp_path / name)


@pytest.mark.parametrize("name", ["a.txt", "a"])
def test_another_suffix_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ProposalError, match=rf"{name}: must end in \.npz, \.json, \.mat"):
        read_windows(tmp_path / name)


@pytest.mark.parametrize("name", ["a.mat", "a"])
def test_only_our_own_formats_are_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(ProposalError, match=rf"{name}: must end in \.npz, \.json$"):
        write_windows(tmp_path / name, [])


@FORMATS
def test_damaged_files_raise_nothing_but_our_error(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a{suffix}"
    write_windows(file, [*WINDOWS.items(), ("a/b", WINDOWS["000005"])])
    whole = file.read_bytes()
    random = np.random.default_rng(0)

    outcomes = {outcome(file, mutated(whole, random)) for _ in range(200)}

    assert outcomes == {"read", "refused"}


@pytest.mark.parametrize(
    ("name", "rule"), [("a\0b", "without NUL"), ("\udcff", "Unicode"), ("x" * 1001, "at most 1,000 bytes")]
)
def test_a_name_that_would_not_read_back_is_not_written(tmp_path: Path, name: str, rule: str) -> None:
    with pytest.raises(ProposalError, match=rf"a\.npz: the name of an image must be .*{rule}"):
        write_windows(tmp_path / "a.npz", [(name, NONE)])


@FORMATS
def test_an_image_that_comes_twice_is_refused(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(ProposalError, match=rf"a\{suffix}: image 'b' comes twice"):
        write_windows(tmp_path / f"a{suffix}", [("b", NONE), ("c", NONE), ("b", NONE)])


@FORMATS
def test_windows_are_written_as_they_come(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a{suffix}"
    names = []

    def items() -> Iterator[tuple[str, Windows]]:
        for name in "ab":
            names.append([path.name for path in tmp_path.iterdir() if path.suffix == ".partial"])
            yield name, NONE

    write_windows(file, items())

    assert [len(unfinished) for unfinished in names] == [1, 1]
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


@FORMATS
@pytest.mark.parametrize("error", [KeyboardInterrupt, ProposalError("image 1 is bad")])
def test_an_interrupted_file_leaves_the_old_one(tmp_path: Path, suffix: str, error: BaseException) -> None:
    file = tmp_path / f"a{suffix}"
    write_windows(file, WINDOWS.items())

    def items() -> Iterator[tuple[str, Windows]]:
        yield "b", NONE
        raise error

    with pytest.raises((KeyboardInterrupt, ProposalError)):
        write_windows(file, items())

    assert_same(read_windows(file), WINDOWS)
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_is_named_and_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    write_windows(tmp_path / "a.npz", WINDOWS.items())

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, fail)

    with pytest.raises(OSError, match=r"No space left on device: '.*/a\.npz'"):
        write_windows(tmp_path / "a.npz", [])

    assert_same(read_windows(tmp_path / "a.npz"), WINDOWS)
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_a_folder_that_is_not_there_is_an_error_with_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone/a\.npz'"):
        write_windows(tmp_path / "gone" / "a.npz", [])


def test_windows_up_to_the_border_are_inside() -> None:
    check_inside(np.array([[0, 0, 40, 30]], np.float32), (30, 40))


def test_no_windows_are_inside() -> None:
    check_inside(NONE, (30, 40))


@pytest.mark.parametrize("box", [[0, 0, 41, 30], [0, 0, 40, 31]])
def test_windows_that_reach_beyond_the_image_are_named(box: list[float]) -> None:
    with pytest.raises(ProposalError, match=r"box 2: must lie inside the image, 40 x 30 pixels, got \[0\.0, 0\.0, 4"):
        check_inside(np.array([[0, 0, 4, 5], box], np.float32), (30, 40))


def mutated(content: bytes, random: np.random.Generator) -> bytes:
    """Return the content with one to three bytes changed, or cut off."""
    changed = np.frombuffer(content, np.uint8).copy()
    places = random.integers(0, len(content), random.integers(1, 4))
    changed[places] = random.integers(0, 256, len(places))
    return changed.tobytes()[: random.integers(len(content) // 2, 3 * len(content))]


def outcome(file: Path, content: bytes) -> str:
    file.write_bytes(content)
    try:
        list(read_windows(file, ["a", "b"]).values())
    except ProposalError:
        return "refused"
    return "read"
