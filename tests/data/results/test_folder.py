"""Tests of the folder of results: what grows can be cut back, what is lost is told."""

from pathlib import Path

import pytest

from sppnet.data import DataError, Results


def begun(folder: Path) -> Results:
    results = Results(folder)
    results.begin("list.txt", "head\n")
    results.append("list.txt", "één\n")
    return results


def test_a_file_grows_by_what_is_appended(tmp_path: Path) -> None:
    results = begun(tmp_path / "new")

    assert (tmp_path / "new" / "list.txt").read_text() == "head\néén\n"
    assert results.sizes == {"list.txt": 11}


def test_what_came_after_the_noted_size_is_cut_off(tmp_path: Path) -> None:
    sizes = dict(begun(tmp_path).sizes)
    with (tmp_path / "list.txt").open("a") as file:
        file.write("half a li")

    results = Results(tmp_path, sizes)

    assert not results.begin("list.txt", "head\n")
    results.append("list.txt", "two\n")
    assert (tmp_path / "list.txt").read_text() == "head\néén\ntwo\n"


def test_a_run_that_begins_replaces_what_was_there(tmp_path: Path) -> None:
    begun(tmp_path)

    assert Results(tmp_path).begin("list.txt")
    assert (tmp_path / "list.txt").read_text() == ""


@pytest.mark.parametrize("change", [lambda file: file.write_text("head\n"), Path.unlink])
def test_a_file_that_lost_bytes_is_named(tmp_path: Path, change: "type[Path]") -> None:
    sizes = dict(begun(tmp_path).sizes)
    change(tmp_path / "list.txt")

    with pytest.raises(DataError, match=r"list\.txt: must have the 11 bytes"):
        Results(tmp_path, sizes)


def test_only_hidden_files_are_cleaned_away(tmp_path: Path) -> None:
    results = begun(tmp_path)
    results.begin(".part")

    results.clean()

    assert [file.name for file in tmp_path.iterdir()] == ["list.txt"]
