"""Tests of files and folders before they are complete: what the dead left goes, what the living write stays."""

from pathlib import Path

import pytest

from sppnet.proposals.atomic.partials import PLACES, becomes, partial_of, sweep


@pytest.mark.parametrize("is_folder", [False, True])
def test_a_partial_is_hidden_beside_what_it_becomes(tmp_path: Path, is_folder: bool) -> None:
    with partial_of(tmp_path / "a", is_folder=is_folder) as partial:
        assert (partial, partial.is_dir()) == (tmp_path / ".a.partial", is_folder)


@pytest.mark.parametrize("is_folder", [False, True])
def test_what_the_living_write_is_left_alone(tmp_path: Path, is_folder: bool) -> None:
    with partial_of(tmp_path / "a", is_folder=is_folder) as first, partial_of(tmp_path / "a") as second:
        sweep(tmp_path / "a")

        assert sorted(tmp_path.iterdir()) == sorted([first, second])


def test_what_the_dead_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".a.partial").write_bytes(b"")
    (tmp_path / ".a.15.partial").mkdir()
    (tmp_path / ".a.15.partial" / "file").write_bytes(b"")
    (tmp_path / ".b.partial").write_bytes(b"")

    sweep(tmp_path / "a")

    assert [path.name for path in tmp_path.iterdir()] == [".b.partial"]


def test_what_the_dead_left_gives_way(tmp_path: Path) -> None:
    (tmp_path / ".a.partial").write_bytes(b"left")

    with partial_of(tmp_path / "a") as partial:
        assert (partial.name, partial.read_bytes()) == (".a.partial", b"")


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"other")
    (tmp_path / ".a.partial").symlink_to(tmp_path / "other")

    with partial_of(tmp_path / "a") as partial:
        assert partial.name == ".a.1.partial"


def test_where_all_names_are_taken_there_are_others(tmp_path: Path) -> None:
    for place in range(PLACES):
        (tmp_path / f".a{f'.{place}' * (place > 0)}.partial").symlink_to("nothing")

    with partial_of(tmp_path / "a") as partial:
        assert becomes(partial.name) == "a"


@pytest.mark.parametrize(
    ("name", "target"),
    [
        (".a.txt.partial", "a.txt"),
        (".a.txt.12.partial", "a.txt"),
        (".a.old", "a"),
        ("a.partial", None),
        (".a", None),
    ],
)
def test_names_tell_what_becomes_of_them(name: str, target: str | None) -> None:
    assert becomes(name) == target
