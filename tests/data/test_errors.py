"""Tests of the end of a message about data of which nothing is left."""

from sppnet.data.errors import reasons


def test_the_first_reasons_are_told_with_their_number() -> None:
    assert reasons(["a", "b", "c", "d"]) == ": 4 problems, such as a; b; c"


def test_one_reason_is_not_counted() -> None:
    assert reasons(["a: dropped"]) == ": a: dropped"


def test_without_a_reason_nothing_is_added() -> None:
    assert reasons([]) == ""
