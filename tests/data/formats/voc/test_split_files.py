"""Tests of split files: which image a line names, and what becomes of lines that name none."""

from pathlib import Path

import pytest

from sppnet.data import DataError
from sppnet.data.formats.voc.split_files import split_files, split_ids
from sppnet.data.listing import NamedFiles

NAMES = ("photo", "photo (1)", "photo 1", "000001", "000002", "cam1/b", "café", "IMG 7")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in NAMES:
        file = tmp_path / "files" / f"{name}.xml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"")
    (tmp_path / "ImageSets" / "Main").mkdir(parents=True)
    return tmp_path


def read(root: Path, content: str | bytes) -> tuple[list[str], list[str]]:
    """Return the ids of a split with this content, and what was reported."""
    data = content if isinstance(content, bytes) else content.encode()
    (root / "ImageSets" / "Main" / "val.txt").write_bytes(data)
    reported: list[str] = []
    files = NamedFiles(root / "files", [".xml"])
    ids = split_ids(root, "val", files, lambda problem, remedy: reported.append(f"{problem}: {remedy}"))
    return ids, [problem.partition("val.txt: ")[2] or problem.partition("val.txt ")[2] for problem in reported]


@pytest.mark.parametrize(
    ("content", "ids"),
    [
        ("photo (1)\nphoto\n", ["photo (1)", "photo"]),
        ("photo 1\nIMG 7\n", ["photo 1", "IMG 7"]),
        ("photo 1\nphoto\n", ["photo 1", "photo"]),
        ("dog 1\ncat -1\n", ["dog", "cat"]),
        ("000001 -1\n000002  1\n", ["000001", "000002"]),
        ("000001\t0\nphoto (1) -1\n", ["000001", "photo (1)"]),
        ("photo 1  1\n000001 -1\n", ["photo 1", "000001"]),
        ("cam1/b\n", ["cam1/b"]),
        ("cam1\\b\r\n", ["cam1/b"]),
        ("cafe\u0301\n", ["café"]),
        ("000009\nphoto (9)\n", ["000009", "photo (9)"]),
    ],
)
def test_a_line_names_what_is_there(root: Path, content: str, ids: list[str]) -> None:
    assert read(root, content)[0] == ids


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_split_may_be_utf_8_or_utf_16(root: Path, encoding: str) -> None:
    assert read(root, "photo (1)\r\ncafé\r\n".encode(encoding)) == (["photo (1)", "café"], [])


@pytest.mark.parametrize(
    ("content", "ids", "problem"),
    [
        ("photo\n000001\nphoto\n", ["photo", "000001"], "line 3 repeats line 1: 'photo': counted once"),
        ("café\ncafe\u0301\n", ["café"], "line 2 repeats line 1: 'café': counted once"),
        ("photo\n../x\n", ["photo"], "line 2: an image id must be a plain name, got '../x': left out"),
        ("/etc/passwd\nphoto", ["photo"], "line 1: an image id must be a plain name, got '/etc/passwd': left out"),
        ("a\0b\n", [], r"line 1: an image id must be a plain name, got 'a\x00b': left out"),
        (b"photo\n\xe9t\xe9\n", ["photo"], r"line 2: an image id must be UTF-8, got '\udce9t\udce9': left out"),
    ],
)
def test_a_line_that_breaks_a_rule_is_reported(root: Path, content: str | bytes, ids: list[str], problem: str) -> None:
    assert read(root, content) == (ids, [problem])


def test_splits_are_found_in_capitals_or_not_and_hidden_ones_are_not(tmp_path: Path) -> None:
    folder = tmp_path / "imagesets" / "main"
    folder.mkdir(parents=True)
    for name in ("train.txt", "VAL.TXT", "._train.txt", "notes.md"):
        (folder / name).write_bytes(b"")

    assert sorted(split_files(tmp_path)) == ["VAL", "train"]
    assert split_files(tmp_path / "imagesets") == {}


def test_an_unknown_split_is_answered_with_those_there_are(root: Path) -> None:
    (root / "ImageSets" / "Main" / "test.txt").write_text("")

    with pytest.raises(DataError, match="no split 'train', there is test"):
        split_ids(root, "train", NamedFiles(root / "files", [".xml"]), lambda problem, remedy: None)
