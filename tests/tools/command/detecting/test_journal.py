"""Tests of how far a run is: what is left after an interruption, and which runs are not gone on with."""

from pathlib import Path
from typing import Any

import pytest

from sppnet.tools.command.console import CommandError
from sppnet.tools.command.detecting.journal import NAME, Journal

SETTINGS = {"conf": {"": 0.5}, "tile": None}


def interrupted(folder: Path) -> None:
    journal = Journal(folder, SETTINGS, resume=False)
    journal.note("a", skipped=False, sizes={"list": 3})
    journal.note("b", skipped=True, sizes={"list": 3})


def resumed(folder: Path, settings: dict[str, Any] = SETTINGS) -> Journal:
    return Journal(folder, settings, resume=True)


def test_what_is_done_is_left_out(tmp_path: Path) -> None:
    interrupted(tmp_path)

    journal = resumed(tmp_path)

    assert (journal.done, journal.skipped, journal.sizes) == (2, 1, {"list": 3})
    assert list(journal.remaining("abcd")) == ["c", "d"]


def test_without_a_note_a_run_begins(tmp_path: Path) -> None:
    journal = resumed(tmp_path)

    assert (journal.done, journal.sizes, list(journal.remaining("ab"))) == (0, None, ["a", "b"])


def test_a_run_that_is_not_gone_on_with_forgets_the_one_before(tmp_path: Path) -> None:
    interrupted(tmp_path)

    Journal(tmp_path, SETTINGS, resume=False)

    assert resumed(tmp_path).done == 0


@pytest.mark.parametrize(
    ("images", "rule"), [("acd", "the first 2 images are not those"), ("a", "2 images are done, and only 1 are there")]
)
def test_other_images_are_an_error(tmp_path: Path, images: str, rule: str) -> None:
    interrupted(tmp_path)

    with pytest.raises(CommandError, match=rule):
        list(resumed(tmp_path).remaining(images))


def test_other_settings_are_an_error_that_tells_them(tmp_path: Path) -> None:
    interrupted(tmp_path)

    with pytest.raises(CommandError, match=r"tile was null and is 900; without --resume it begins anew"):
        resumed(tmp_path, SETTINGS | {"tile": 900})


@pytest.mark.parametrize("note", ["", "[]", '{"settings": {}}', '{"settings": 3, "images": "", "done": "x"}', "\0"])
def test_a_damaged_note_is_an_error(tmp_path: Path, note: str) -> None:
    (tmp_path / NAME).write_text(note)

    with pytest.raises(CommandError, match="no note of a run that can be read"):
        resumed(tmp_path)


def test_a_finished_run_has_nothing_left_and_takes_no_more(tmp_path: Path) -> None:
    resumed(tmp_path)
    journal = resumed(tmp_path)
    journal.note("a", skipped=False, sizes={})
    journal.finish()

    assert list(resumed(tmp_path).remaining("a")) == []
    with pytest.raises(CommandError, match="finished, and b was not among its images"):
        list(resumed(tmp_path).remaining("ab"))


def test_a_finished_run_leaves_no_note_unless_asked(tmp_path: Path) -> None:
    journal = Journal(tmp_path, SETTINGS, resume=False)
    journal.note("a", skipped=False, sizes={})
    journal.finish()

    assert list(tmp_path.iterdir()) == []


def test_nothing_is_noted_where_nothing_is_written() -> None:
    journal = Journal(None, SETTINGS, resume=False)
    journal.note("a", skipped=True, sizes={})
    journal.finish()

    assert (journal.done, journal.skipped) == (1, 1)
