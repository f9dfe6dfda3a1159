"""JSON files with an object inside."""

from pathlib import Path

import pytest

from sppnet.data import DataError
from sppnet.data.formats.json_files import read_object, typed


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "no readable JSON"),
        (b"[" * 100_000, "no readable JSON"),
        (b"\xff\xfe", "cannot be read"),
        (b"[]", r"the content must be an object, got \[\]"),
    ],
)
def test_what_is_no_object_is_an_error(tmp_path: Path, content: bytes, rule: str) -> None:
    (tmp_path / "a.json").write_bytes(content)

    with pytest.raises(DataError, match=rf"a\.json: {rule}"):
        read_object(tmp_path / "a.json")


def test_a_mark_at_the_start_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'\xef\xbb\xbf{"a": 1}')

    assert read_object(tmp_path / "a.json") == {"a": 1}


def test_a_truth_value_is_no_number() -> None:
    with pytest.raises(DataError, match="id must be a whole number, got True"):
        typed(True, int, "id")
