"""Tests of names on a terminal: nothing in them steers it."""

import pytest

from sppnet.tools.command.shown import cell, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("photo 1.jpg", "photo 1.jpg"),
        ("naïve 写真 \u0645\u200c\u0646", "naïve 写真 \u0645\u200c\u0646"),
        ("a\x1b[2Jb\x07\x9b", r"a\x1b[2Jb\x07\x9b"),
        ("a\r\nb\t", r"a\r\nb\t"),
        ("gpj\u202e.exe\u2066", r"gpj\u202e.exe\u2066"),
        ("a\u2028b\ufeff\udc80", r"a\u2028b\ufeff\udc80"),
        ("", ""),
    ],
)
def test_what_would_steer_a_terminal_is_written_out(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_words_in_brackets_are_no_style_in_a_table() -> None:
    assert cell("[red]cat\x1b") == r"\[red]cat\x1b"
