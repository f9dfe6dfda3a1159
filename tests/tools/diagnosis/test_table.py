"""Tests of the checks as a whole."""

from collections.abc import Iterator

import pytest

from sppnet.tools.diagnosis import table
from sppnet.tools.diagnosis.finding import Finding, UnmeasuredError


def fine() -> Iterator[Finding]:
    yield Finding("one", "fine", "this")


def broken() -> Iterator[Finding]:
    yield Finding("libraries", "broken", "numba cannot be loaded")


def unmeasured() -> Iterator[Finding]:
    raise UnmeasuredError
    yield


def without_a_library() -> Iterator[Finding]:
    raise ModuleNotFoundError("No module named 'numba'")
    yield


def test_a_check_that_cannot_be_made_does_not_keep_others_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "CHECKS", {"two": without_a_library, "one": fine})

    two, one = table.findings()

    assert (two.check, two.grade) == ("two", "broken")
    assert two.found == "cannot be looked at: ModuleNotFoundError: No module named 'numba'"
    assert one == Finding("one", "fine", "this")


def test_a_library_that_was_told_is_not_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "CHECKS", {"libraries": broken, "two": without_a_library, "3": unmeasured, "one": fine})

    assert [finding.check for finding in table.findings()] == ["libraries", "one"]
