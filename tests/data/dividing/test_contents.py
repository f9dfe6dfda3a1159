"""Contents of image files as numbers: copies are alike under other names, and what is kept is bounded."""

from pathlib import Path

import numpy as np
import pytest

from sppnet.data import content_hashes, open_data, remembered
from sppnet.data.dividing.contents import digest

from .test_holding_out import made


def test_copies_have_the_same_number_and_others_have_not(tmp_path: Path) -> None:
    hashes = content_hashes(open_data(made(tmp_path, {"a": 1, "b": 2, "c": 1})))

    assert hashes.dtype == np.uint64
    assert hashes[0] == hashes[2] != hashes[1]


def test_a_number_is_the_same_in_another_folder(tmp_path: Path) -> None:
    first, second = (open_data(made(tmp_path / name, {name: 1})) for name in ("one", "two"))

    assert content_hashes(first).tolist() == content_hashes(second).tolist()


def test_a_number_is_that_of_the_file_s_bytes(tmp_path: Path) -> None:
    hashes = content_hashes(open_data(made(tmp_path, {"a": 1})))

    assert hashes.tolist() == [digest((tmp_path / "a.png").read_bytes())]


def test_a_file_that_is_gone_is_nought_and_not_remembered(tmp_path: Path) -> None:
    data = open_data(made(tmp_path, {"a": 1, "b": 2}))
    (tmp_path / "a.png").unlink()

    hashes = content_hashes(data)

    assert hashes[0] == 0 and remembered(hashes).tolist() == [hashes[1]]


def test_what_is_remembered_is_sorted_and_there_once() -> None:
    assert remembered(np.array([5, 3, 5, 9], np.uint64)).tolist() == [3, 5, 9]


def test_of_very_many_the_smallest_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sppnet.data.dividing.contents.MOST_CONTENTS", 2)

    assert remembered(np.array([5, 3, 9], np.uint64)).tolist() == [3, 5]
